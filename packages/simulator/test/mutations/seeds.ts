/** `seeds.ts FIRST_SEED SEEDS`: runs seeds until one finds something; says which, after how many, and what. */
import { runSeed } from '@quorate/simulator/node'
import { raftSubject } from '../raft/raft-subject.js'

const [first = 1, seeds = 1] = process.argv.slice(2).map(Number)
for (let seed = first; seed < first + seeds; seed += 1) {
  const { violation } = await runSeed(raftSubject, seed)
  if (violation === null) continue
  console.log(`${seed} after ${seed - first + 1}: ${violation}`)
  break
}
