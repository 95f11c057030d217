import { clusterTime, equalBytes, position, seededRandom } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { kv } from '@quorate/machine-kv'
import { ClusterClock } from '../../../src/cluster-clock.js'
import { ReplicatedState } from '../../../src/replicated-state.js'
import { filledTable, use } from './tables.js'
import { bytesOfImage } from '../../image-bytes.js'

function put(state: ReplicatedState, key: string): void {
  const context = { position: position(9), clusterTime: clusterTime(0), wallMs: 0, random: seededRandom(1) }
  state.machine.apply(kv.commands.put.encode({ key, value: 'x'.repeat(200_000) }), context)
}

/** Its table fills a slice, and its machine another. */
function filledState(): ReplicatedState {
  const state = new ReplicatedState(kv.create(), new ClusterClock(nodeEnvironment()))
  state.sessions = filledTable(10, 10_000)
  for (const key of ['a', 'b']) put(state, key)
  return state
}

/** The bytes of an image are those of the call, of the sessions as of the machine. */
export async function imagesAreOfTheCall(): Promise<string | null> {
  const state = filledState()
  const expected = await bytesOfImage(state.image())
  let keys = 0
  const goOn = (): void => {
    keys += 1
    put(state, `more ${keys}`)
    use(state.sessions, 2, 10 + keys, 1 + keys, 1_000)
  }
  const image = state.image()
  goOn()
  return equalBytes(await bytesOfImage(image, goOn), expected) ? null : 'an image is of two moments'
}

/** A restored state counts what the live one counts, and its sessions end when those do. */
export async function restoredStatesCountAlike(): Promise<string | null> {
  const live = filledState()
  const restored = new ReplicatedState(kv.create(), new ClusterClock(nodeEnvironment()))
  await restored.restore(live.image())
  const countsOf = ({ sessions }: ReplicatedState): string =>
    JSON.stringify([sessions.load, sessions.callers, sessions.all().map(({ resultBytes }) => resultBytes)])
  if (countsOf(restored) !== countsOf(live)) return `restored: ${countsOf(restored)}, live: ${countsOf(live)}`
  for (const { sessions } of [live, restored]) sessions.expire(clusterTime(1_000))
  return countsOf(restored) === countsOf(live) ? null : 'the sessions of a restored state end at another time'
}
