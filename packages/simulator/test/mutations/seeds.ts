/**
 * `seeds.ts FIRST_SEED SEEDS [PROFILE [SECONDS]]`: runs seeds of a profile until one finds something, or so many seconds
 * of the processor are spent. Says how it ended, as JSON.
 */
import { drawPlan, simulate, usualLimits, type Profile } from '@quorate/simulator'
import { settled } from '@quorate/simulator/node'
import { raftSubject } from '../raft/raft-subject.js'

const [first = 1, seedsMax = 1] = process.argv.slice(2, 4).map(Number)
const [profile = 'any', secondsMax = Infinity] = process.argv.slice(4)
const spent = (): number => (process.cpuUsage().user + process.cpuUsage().system) / 1e6
let seeds = 0
let violation: string | null = null
while (violation === null && seeds < seedsMax && spent() < Number(secondsMax)) {
  const plan = drawPlan(first + seeds, { ...usualLimits, profile: profile as Profile })
  seeds += 1
  ;({ violation } = await simulate(plan, raftSubject, { settled }))
}
console.log(JSON.stringify({ seed: first + seeds - 1, seeds, seconds: spent(), violation }))
