/** `main.ts FIRST_SEED SEEDS INCREMENTS KILLS`: the story as a program, so that it can be built with a bug in it. */
import { exactlyOnce } from './run.js'

const [first = 1, seeds = 1, increments = 10_000, kills = 20] = process.argv.slice(2).map(Number)
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
for (let seed = first; seed < first + seeds; seed += 1) {
  const { value, retries } = await exactlyOnce(seed, { increments, kills }, settled)
  if (value !== increments) throw new Error(`seed ${seed}: ${increments} increments came to ${value}`)
  console.log(`seed ${seed}: ${increments} increments, ${retries} asked again, ${kills} leaders gone, nothing lost`)
}
