/** `main.ts FIRST_SEED SEEDS ROUNDS`: power cuts as a program, so that it can be built with a bug in it. */
import { powerCutRounds } from './rounds.js'

const [first = 1, seeds = 1, rounds = 20] = process.argv.slice(2).map(Number)
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
for (let seed = first; seed < first + seeds; seed += 1) {
  const { acknowledged, unknown, notDone, snapshots } = await powerCutRounds(seed, rounds, settled)
  console.log(
    `seed ${seed}: ${acknowledged} acknowledged, ${unknown} unknown, ${notDone} not done, ${snapshots.saved} snapshots, ${snapshots.installed} installed, nothing lost`,
  )
}
