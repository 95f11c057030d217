/** `main.ts WRITES_EACH`: five members over each transport, through every fault of the network. */
import { type Fault } from './proxies.js'
import { crowd } from './crowd.js'
import { story } from './story.js'

const [writesEach = 50] = process.argv.slice(2).map(Number)
const faults: readonly Fault[] = [
  'latency',
  'lost connections',
  'cut',
  'half-open',
  'mute',
  'deaf',
  'slow reader',
  'one byte at a time',
]
for (const name of ['tcp', 'http'] as const) {
  for await (const { fault, hadLeader, writes, longestMs, recoveryMs } of story(name, faults, writesEach)) {
    const struck = hadLeader ? 'the leader and a follower' : 'two followers'
    const times = `longest write ${longestMs.toFixed(0)} ms, all agree ${recoveryMs.toFixed(0)} ms after it healed`
    console.log(`${name}, ${fault} to ${struck}: ${writes} writes went on, ${times}`)
  }
}
// Without a crowd first, so that the elections of a busy machine are not counted against it.
for (const name of ['tcp', 'http'] as const) {
  for (const size of [0, 1_000]) {
    const { idle, endedByLimit, ended, writes, elections } = await crowd(name, size, 500)
    const fate = `${endedByLimit} ended by the limit, ${ended} in the end`
    console.log(`${name}, ${idle} idle connections: ${fate}; ${writes} writes went on, ${elections} elections`)
  }
}
