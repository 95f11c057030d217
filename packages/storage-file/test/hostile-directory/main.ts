/** `main.ts`: what hostile directories cost the tools, and a member that starts on them. Called from the root. */
import { outcomes, type Outcome } from './attacks.js'

const all: Outcome[] = []
for await (const outcome of outcomes(process.cwd())) {
  all.push(outcome)
  if (!outcome.isVictimWhole) throw new Error(`${outcome.command}: a file was written through ${outcome.change}`)
}
for (const change of new Set(all.map((each) => each.change))) {
  const some = all.filter((each) => each.change === change)
  const ms = Math.max(...some.map((each) => each.ms))
  const mebibytes = Math.max(...some.map((each) => each.residentBytesMax)) / 2 ** 20
  const refused = some.filter(({ code }) => code !== 0).length
  console.log(
    `${change}: ${refused} of ${some.length} runs refused, ${ms.toFixed(0)} ms and ${mebibytes.toFixed(0)} MiB resident at most`,
  )
}
