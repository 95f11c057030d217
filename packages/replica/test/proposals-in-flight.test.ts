import { setImmediate as turn } from 'node:timers/promises'
import { virtualTime } from '@quorate/conformance'
import { hexOfBytes, nodeId, position, token, type Input, type Settled, type Token } from '@quorate/contracts'
import { counter } from '@quorate/machine-counter'
import { beforeEach, describe, expect, test } from 'vitest'
import { Callers, type CallersHost } from '../src/callers.js'
import { ClusterClock } from '../src/cluster-clock.js'
import { decodeReply, encodeForward, type ForwardReply } from '../src/forward-frames.js'
import { frameKind, frameReserveBytes } from '../src/frame.js'
import { LeaderView } from '../src/leader-view.js'
import type { Proposal } from '../src/proposal.js'
import { ProposalsInFlight } from '../src/proposals-in-flight.js'
import { ReplicatedState } from '../src/replicated-state.js'
import type { SessionRefusal } from '../src/sessions/session-table.js'

const cluster = new Uint8Array(16).fill(1)
const command = counter.commands.add.encode({ by: 1 })
const proposal: Proposal = {
  kind: 'command',
  cluster,
  codec: counter.codec,
  machineVersion: 1,
  session: position(7),
  nonce: new Uint8Array(16).fill(2),
  sequence: 4,
  lowestUnacknowledged: () => 1,
  command,
}
const differences: Record<string, Partial<Proposal>> = {
  bytes: { command: Uint8Array.of(...command, 0) },
  session: { session: position(8) },
  count: { sequence: 5 },
  nonce: { nonce: new Uint8Array(16).fill(3) },
  codec: { codec: 'other-1' },
  version: { machineVersion: 2 },
  kind: { kind: 'closeSession' },
}

describe('what is in flight', () => {
  const [first, second, third] = [token(1), token(2), token(3)]
  let inFlight: ProposalsInFlight
  beforeEach(() => {
    inFlight = new ProposalsInFlight()
    inFlight.add(first, proposal, 5)
  })

  test('ends with all that was joined to it, and is forgotten', () => {
    const copy = { ...proposal, command: command.slice(), nonce: proposal.nonce.slice(), lowestUnacknowledged: () => 4 }
    expect(inFlight.join(second, copy, 5)).toBe(true)
    expect(inFlight.size).toBe(2)
    expect(inFlight.end(first)).toEqual([first, second])
    expect(inFlight.size).toBe(0)
    expect(inFlight.join(third, proposal, 5)).toBe(false)
    expect(inFlight.end(first)).toEqual([first])
  })

  test.each(Object.entries(differences))('takes nothing to it that differs in its %s', (_, difference) => {
    const other = { ...proposal, ...difference }
    expect(inFlight.join(second, other, 5)).toBe(false)
    inFlight.add(second, other, 5)
    expect(inFlight.join(third, proposal, 5)).toBe(true)
    expect(inFlight.end(second)).toEqual([second])
    expect(inFlight.end(first)).toEqual([first, third])
    expect(inFlight.size).toBe(0)
  })

  test('takes nothing to it in a later leadership, and what is proposed then is told apart', () => {
    expect(inFlight.join(second, proposal, 6)).toBe(false)
    inFlight.add(second, proposal, 6)
    expect(inFlight.end(first)).toEqual([first])
    expect(inFlight.join(third, proposal, 6)).toBe(true)
    expect(inFlight.end(second)).toEqual([second, third])
    expect(inFlight.size).toBe(0)
  })

  test('is bounded', () => {
    let joined = 0
    while (joined < 100_000 && inFlight.join(token(10 + joined), proposal, 5)) joined += 1
    expect(joined).toBe(16_384)
    expect(inFlight.end(first)).toHaveLength(joined + 1)
    inFlight.add(second, proposal, 5)
    expect(inFlight.join(third, proposal, 5)).toBe(true)
  })

  test('openings of sessions are told apart by their nonces', () => {
    const opening: Proposal = { ...proposal, kind: 'openSession', session: position(0), sequence: 0 }
    inFlight.add(second, opening, 5)
    expect(inFlight.join(third, { ...opening, nonce: new Uint8Array(16) }, 5)).toBe(false)
    expect(inFlight.join(third, opening, 5)).toBe(true)
    expect(inFlight.end(second)).toEqual([second, third])
  })
})

/** A member that leads, and whose protocol, network and log the test plays. */
class Leader {
  readonly time = virtualTime({ settled: turn })
  readonly view = new LeaderView(nodeId('n1'), [])
  /** What its protocol was given. */
  readonly proposed: Token[] = []
  readonly told: { readonly to: string; readonly reply: ForwardReply }[] = []
  readonly callers: Callers
  #asked = 0

  constructor() {
    const { environment } = this.time
    const limits = { timeoutMs: 10_000, requestsMax: 100, sessionTimeoutMs: 60_000, commandBytesMax: 1_000 }
    const host = {
      options: { environment, machine: counter, ...limits },
      starts: 1,
      clusterId: hexOfBytes(cluster),
      storage: { pressure: 'none' },
      state: new ReplicatedState(counter.create(), new ClusterClock(environment)),
      leader: this.view,
      offer: (input: Input<never, never>) => {
        if (input.kind === 'propose') this.proposed.push(input.token)
        return true
      },
      send: (to: string, frame: Uint8Array) => {
        this.told.push({ to, reply: decodeReply(frame.subarray(frameReserveBytes)) })
        return 'queued'
      },
    }
    this.callers = new Callers(host as unknown as CallersHost)
    this.leads(1)
  }

  leads(epoch: number): void {
    this.view.onLeadership({ leader: nodeId('n1'), epoch })
    this.callers.onLeadership()
  }

  /** Another member asks it. */
  ask(from: string, differs: Partial<Proposal> = {}): void {
    const request = (this.#asked += 1)
    const frame = encodeForward({ kind: 'propose', request, proposal: { ...proposal, ...differs } }, 0)
    this.callers.onFrame(frameKind.forward, nodeId(from), frame)
  }

  /** Its own caller asks it: the position, or code and outcome. */
  own(timeoutMs?: number): Promise<unknown> {
    const { nonce, session, sequence } = proposal
    const id = { clusterId: hexOfBytes(cluster), nonce, position: session }
    const options = { session: { id, sequence, lowestUnacknowledged: 1 }, ...(timeoutMs && { timeoutMs }) }
    return this.callers.propose(command, options).then(
      (answer) => answer.position,
      (error: unknown) => error,
    )
  }

  /** What was proposed, counted from 0, ended so. */
  settle(at: number, result: Settled): void {
    this.callers.onSettled(this.proposed[at] ?? token(0), result)
  }

  applied(at: number, why: SessionRefusal | null): void {
    const ended = { key: proposal, sequence: proposal.sequence, command }
    const outcome =
      why === null
        ? ({ kind: 'answered', ...ended, result: new Uint8Array() } as const)
        : ({ kind: 'refused', ...ended, why } as const)
    this.callers.onOutcome(outcome, position(9), this.proposed[at] ?? null)
  }

  expectRest(): void {
    expect(this.callers.queues).toMatchObject({ attempts: 0, places: 0, proposed: 0 })
    expect(this.callers.pending).toMatchObject({ commands: 0, forwarded: 0 })
  }
}

const refusedAs = (reason: 'overloaded' | 'tooLarge') =>
  ({ kind: 'refused', reason, leader: null, detail: 'it does not fit' }) as const

describe('a copy of what is in flight is joined to it', () => {
  let leader: Leader
  beforeEach(() => {
    leader = new Leader()
  })

  test.each([
    ['refused by the protocol, which says so later', refusedAs('overloaded'), 'OVERLOADED', 'notDone'],
    ['refused for good', refusedAs('tooLarge'), 'COMMAND_TOO_LARGE', 'notDone'],
    ['overwritten', { kind: 'overwritten' }, 'OVERWRITTEN', 'notDone'],
    ['unknown', { kind: 'unknown' }, 'TIMED_OUT', 'unknown'],
    ['done without an answer', { kind: 'done', position: null }, 'TIMED_OUT', 'unknown'],
  ] as const)('and told like it that it was %s', async (_, result, code, outcome) => {
    leader.ask('n2')
    const own = leader.own()
    leader.ask('n3')
    expect(leader.proposed).toHaveLength(1)
    // Nobody leads any more, so that nothing is tried again.
    leader.view.onLeadership({ leader: null, epoch: 1 })
    leader.settle(0, result)
    expect(leader.told.map(({ to, reply }) => [to, reply.request, 'result' in reply && reply.result])).toEqual([
      ['n2', 1, result],
      ['n3', 2, result],
    ])
    await leader.time.pass(10_000)
    expect(await own).toMatchObject({ code, outcome })
    leader.expectRest()
  })

  test('and answered with it, where it is applied', async () => {
    leader.ask('n2')
    const own = leader.own()
    leader.ask('n3')
    leader.applied(0, null)
    expect(await own).toBe(9)
    expect([leader.proposed.length, leader.told.length]).toEqual([1, 0])
    leader.expectRest()
  })

  test.each(['full', 'beyondWindow'] as const)('and refused with it as %s, which leaves no doubt', async (why) => {
    leader.ask('n2')
    const own = leader.own()
    leader.ask('n3')
    expect(leader.proposed).toHaveLength(1)
    leader.applied(0, why)
    expect(await own).toMatchObject({ outcome: 'notDone' })
    expect(leader.told.map(({ to }) => to)).toEqual(why === 'full' ? ['n2', 'n3'] : [])
    leader.expectRest()
  })

  test('also when the first asker was the member itself, and gave up: the others are told all the same, once', async () => {
    const own = leader.own(100)
    leader.ask('n2')
    await leader.time.pass(200)
    expect(await own).toMatchObject({ code: 'TIMED_OUT', outcome: 'unknown' })
    leader.ask('n3')
    leader.settle(0, { kind: 'overwritten' })
    leader.settle(0, { kind: 'overwritten' })
    expect([leader.proposed.length, leader.told.length]).toEqual([1, 2])
    leader.expectRest()
  })

  test('and in doubt with it when the member ends', async () => {
    leader.ask('n2')
    const own = leader.own()
    leader.callers.close('the test ends it')
    expect(await own).toMatchObject({ code: 'STOPPED', outcome: 'unknown' })
    expect(leader.callers.queues.proposed).toBe(0)
  })

  test('unless it has ended: what comes then is proposed', () => {
    leader.ask('n2')
    leader.settle(0, { kind: 'overwritten' })
    leader.ask('n2')
    leader.ask('n3')
    expect(leader.proposed).toHaveLength(2)
  })

  test('unless its bytes differ: then each ends by itself', () => {
    const other = counter.commands.add.encode({ by: 2 })
    leader.ask('n2')
    leader.ask('n3', { command: other })
    expect(leader.proposed).toHaveLength(2)
    leader.settle(1, { kind: 'overwritten' })
    expect(leader.told.map(({ to }) => to)).toEqual(['n3'])
    leader.settle(0, { kind: 'overwritten' })
    leader.expectRest()
  })

  test('unless the leadership was another, though it was of the same member', () => {
    leader.ask('n2')
    leader.view.onLeadership({ leader: null, epoch: 1 })
    leader.ask('n3')
    leader.leads(3)
    leader.ask('n3')
    leader.ask('n2')
    expect(leader.proposed).toHaveLength(3)
    leader.settle(0, { kind: 'overwritten' })
    leader.settle(1, { kind: 'overwritten' })
    expect(leader.told.map(({ to }) => to)).toEqual(['n2', 'n3'])
    leader.settle(2, { kind: 'overwritten' })
    expect(leader.told).toHaveLength(4)
    leader.expectRest()
  })
})
