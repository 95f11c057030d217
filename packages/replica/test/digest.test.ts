import { position, silentLogger, type StateMachine } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { expect, test } from 'vitest'
import { Applier } from '../src/applier.js'
import { ClusterClock } from '../src/cluster-clock.js'
import { digestOf } from '../src/digest.js'
import { Events } from '../src/events.js'
import { ReplicatedState } from '../src/replicated-state.js'

/** A machine whose snapshot is read in two steps, and what was applied is its state. */
function slowMachine(snapshotHoldsApply: boolean, between: () => void): StateMachine {
  return {
    name: 'slow',
    version: 1,
    codec: 'none',
    snapshotHoldsApply,
    apply: () => new Uint8Array(),
    query: () => new Uint8Array(),
    async *snapshot() {
      yield Uint8Array.of(1)
      await Promise.resolve()
      between()
      yield Uint8Array.of(2)
    },
    activeVersion: 1,
    activate: () => {},
    restore: () => Promise.resolve(),
    nextDeadline: () => null,
    expire: () => {},
  }
}

function stateOf(machine: StateMachine): ReplicatedState {
  return new ReplicatedState(machine, new ClusterClock(nodeEnvironment()))
}

function applierOf(state: ReplicatedState, failures: unknown[]): Applier {
  return new Applier(state, nodeEnvironment(), position(0), {
    onOutcome: () => {},
    onApplied: () => {},
    fail: (error) => failures.push(error),
  })
}

test.each([
  [true, 0],
  [false, 1],
])(
  'D29: while the state is read, a machine whose snapshot holds (%s) has applied %i more commands',
  async (holds, during) => {
    const failures: unknown[] = []
    let seen = -1
    const state = stateOf(
      slowMachine(holds, () => {
        applier.push([{ position: position(1), epoch: 1, token: null, command: null }])
        seen = applier.lastApplied
      }),
    )
    const applier = applierOf(state, failures)
    const held: number[] = []
    const digest = await digestOf(state, applier, nodeEnvironment(), (heldMs) => held.push(heldMs))
    expect(seen).toBe(during)
    expect(digest.position).toBe(0)
    expect(digest.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(held.length).toBe(holds ? 1 : 0)
    expect(applier.lastApplied).toBe(1)
    expect(failures).toEqual([])
  },
)

test('an applier refuses a gap, and applies nothing after it', () => {
  const failures: unknown[] = []
  const applier = applierOf(stateOf(slowMachine(false, () => {})), failures)
  const committed = (at: number) => ({ position: position(at), epoch: 1, token: null, command: null })
  applier.push([committed(1), committed(3), committed(4)])
  expect(applier.lastApplied).toBe(1)
  expect(failures).toEqual([expect.objectContaining({ message: 'position 3 follows 1' })])
})

test('D39: warnings are kept by code, and a listener that throws keeps none of the others from hearing', () => {
  const events = new Events(silentLogger)
  const heard: string[] = []
  events.on('warning', () => {
    throw new Error('careless')
  })
  const off = events.on('warning', ({ message }) => heard.push(message))
  events.warn('BAD_FRAME', 'first')
  events.warn('BAD_FRAME', 'second')
  off()
  events.warn('EVEN_CLUSTER', 'third')
  expect(heard).toEqual(['first', 'second'])
  expect(events.warnings).toEqual([
    { code: 'BAD_FRAME', message: 'second', wallMs: 0 },
    { code: 'EVEN_CLUSTER', message: 'third', wallMs: 0 },
  ])
})
