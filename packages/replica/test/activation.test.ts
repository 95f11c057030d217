import { nodeId } from '@quorate/contracts'
import { defineMachine } from '@quorate/machine'
import { expect, test } from 'vitest'
import { ClusterClock } from '../src/cluster-clock.js'
import { Events } from '../src/events.js'
import { LeaderView } from '../src/leader-view.js'
import { ReplicatedState } from '../src/replicated-state.js'
import { Activation } from '../src/versions/activation.js'
import { n1, n2, still } from './snapshots/places.js'

const machine = defineMachine({
  name: 'shop',
  version: 2,
  initial: () => ({ n: 0 }),
  commands: { sell: { apply: (state) => (state.n += 1) } },
  queries: {},
  migrate: (state) => state,
})

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** The leader of two members that both know version 2, whose proposals get lost. */
function leading() {
  const time = still()
  const state = new ReplicatedState(machine.create(), new ClusterClock(time.environment))
  const member = { clientAddress: null, incarnation: null, role: 'voter' } as const
  const leader = new LeaderView(
    n1,
    [n1, n2].map((id) => ({ id, address: `${id}:1`, ...member })),
  )
  let proposals = 0
  const activation = new Activation({
    options: { environment: time.environment, logger: silent, requestsMax: 10 },
    state,
    events: new Events(silent),
    leader,
    peers: { supportOf: () => state.supported, isReached: () => true },
    propose: () => (proposals += 1),
  })
  const becomeLed = (by: string): void => {
    leader.onLeadership({ leader: nodeId(by), epoch: 1 })
    activation.onLeadership()
  }
  /** How often the activation is proposed within the next `ms` milliseconds. */
  const proposedWithin = async (ms: number): Promise<number> => {
    const before = proposals
    await time.pass(ms)
    return proposals - before
  }
  return { activation, becomeLed, proposedWithin, proposals: () => proposals }
}

test('D26: an activation that was lost is proposed again, as often as that happens, by whoever leads', async () => {
  const { activation, becomeLed, proposedWithin, proposals } = leading()
  activation.look()
  expect(proposals()).toBe(0)
  becomeLed('n1')
  expect(proposals()).toBe(1)
  expect(await proposedWithin(10_000)).toBe(5)
  for (let looks = 0; looks < 10; looks += 1) activation.look()
  expect(proposals()).toBe(6)
  becomeLed('n2')
  expect(await proposedWithin(10_000)).toBe(0)
  becomeLed('n1')
  expect(proposals()).toBe(7)
  expect(await proposedWithin(4_000)).toBe(2)
  becomeLed('n2')
  becomeLed('n1')
  expect(proposals()).toBe(10)
  activation.stop()
  expect(await proposedWithin(10_000)).toBe(0)
})
