import { setImmediate as turn } from 'node:timers/promises'
import { virtualTime } from '@quorate/conformance'
import { clusterTime, nodeId, position, token, type Position, type Settled, type Token } from '@quorate/contracts'
import { counter } from '@quorate/machine-counter'
import { beforeEach, describe, expect, test } from 'vitest'
import { ClusterClock } from '../src/cluster-clock.js'
import { LeaderView } from '../src/leader-view.js'
import { Proposals } from '../src/proposals.js'
import { ReplicatedState } from '../src/replicated-state.js'
import { digestOfCommand } from '../src/sessions/command-digest.js'
import type { SessionRefusal } from '../src/sessions/session-table.js'

const session = position(7)
const [cluster, nonce] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)]
const key = { cluster, session, nonce }
const place = { ...key, sequence: 4, command: new Uint8Array() }
const refused: Settled = { kind: 'refused', reason: 'notLeader', leader: null, detail: 'it does not lead' }
const notDone = { outcome: 'notDone' }

/** Proposals of a follower whose leader, network and log the test plays. */
class Follower {
  readonly time = virtualTime({ settled: turn })
  readonly leader = new LeaderView(nodeId('n1'), [])
  /** Attempts that left, in their order. */
  readonly attempts: Token[] = []
  readonly proposals: Proposals
  readonly state: ReplicatedState
  readonly abort = new AbortController()
  takes = true
  #tokens = 0
  #epoch = 0

  constructor() {
    const { environment } = this.time
    const take = (given: Token): boolean => {
      if (this.takes) this.attempts.push(given)
      return this.takes
    }
    this.state = new ReplicatedState(counter.create(), new ClusterClock(environment))
    this.proposals = new Proposals({
      environment,
      leader: this.leader,
      timeoutMs: 10_000,
      requestsMax: 10,
      nextToken: () => token((this.#tokens += 1)),
      hand: take,
      forward: take,
      state: this.state,
      cluster,
      sessionTimeoutMs: 60_000,
    })
  }

  /** Another leader: what waits is tried with it, also while an earlier attempt is undecided. */
  newLeader(id = 'n2'): void {
    this.leader.onLeadership({ leader: nodeId(id), epoch: (this.#epoch += 1) })
    this.proposals.onLeadership()
  }

  /** How the command ends: its position, or code and outcome. */
  command(): Promise<unknown> {
    const { signal } = this.abort
    const proposal = { ...place, machineVersion: 1, lowestUnacknowledged: () => 1 }
    return this.proposals.command(proposal, { signal }).then(
      (answer) => answer.position,
      (error: unknown) => error,
    )
  }

  /** How an attempt ended, counted from 0, as its leader tells. */
  tell(attempt: number, result: Settled): void {
    this.proposals.settle(this.attempts[attempt] ?? token(0), result)
  }

  /** An entry for the command's place is applied here; `attempt`: it was this member's own. */
  applied(why: SessionRefusal | null, at: Position, attempt?: number, differs: Partial<typeof place> = {}): void {
    const own = attempt === undefined ? [] : this.attempts.slice(attempt, attempt + 1)
    const { sequence, command, ...given } = { ...place, ...differs }
    const ended = { key: given, sequence, command }
    if (why === null) this.proposals.onOutcome({ kind: 'answered', ...ended, result: new Uint8Array() }, at, own)
    else this.proposals.onOutcome({ kind: 'refused', ...ended, why }, at, own)
  }

  async end(): Promise<void> {
    await this.time.pass(20_000)
  }
}

let follower: Follower
beforeEach(() => {
  follower = new Follower()
})

describe('F-29: a command with one attempt', () => {
  test('that nobody has taken did not happen: at the deadline, given up, or when its member ends', async () => {
    const late = follower.command()
    await follower.end()
    expect(await late).toMatchObject({ code: 'NO_LEADER', ...notDone })
    follower.takes = false
    follower.newLeader()
    const refusedToLeave = follower.command()
    await follower.end()
    expect(await refusedToLeave).toMatchObject({ code: 'NO_LEADER', ...notDone })
    const ended = follower.command()
    follower.proposals.close('the test ends it')
    expect(await ended).toMatchObject({ code: 'STOPPED', ...notDone })
  })

  test('that was refused or overwritten did not happen, and the last word is told at the deadline', async () => {
    for (const [result, code] of [
      [refused, 'NOT_LEADER'],
      [{ kind: 'overwritten' }, 'OVERWRITTEN'],
    ] as const) {
      const each = new Follower()
      each.newLeader()
      const command = each.command()
      each.tell(0, result)
      each.leader.onLeadership({ leader: null, epoch: 9 })
      await each.end()
      expect(await command).toMatchObject({ code, ...notDone })
    }
  })

  test('that is undecided may have happened: at the deadline, given up, or when its member ends', async () => {
    follower.newLeader('n1')
    const late = follower.command()
    await follower.end()
    expect(await late).toMatchObject({ code: 'TIMED_OUT', outcome: 'unknown' })
    const [givenUp, ended] = [new Follower(), new Follower()]
    for (const each of [givenUp, ended]) each.newLeader('n1')
    const [first, second] = [givenUp.command(), ended.command()]
    givenUp.abort.abort()
    ended.proposals.close('the test ends it')
    expect(await first).toMatchObject({ code: 'ABORTED', outcome: 'unknown' })
    expect(await second).toMatchObject({ code: 'STOPPED', outcome: 'unknown' })
  })

  test('that ended without anybody knowing how may have happened, whatever is said later', async () => {
    for (const result of [{ kind: 'unknown' }, { kind: 'done', position: null }] as const) {
      const each = new Follower()
      each.newLeader('n1')
      const command = each.command()
      each.tell(0, result)
      each.newLeader('n1')
      expect(each.attempts).toHaveLength(2)
      each.tell(1, { kind: 'refused', reason: 'tooLarge', leader: null, detail: 'for this leader' })
      each.leader.onLeadership({ leader: null, epoch: 9 })
      await each.end()
      expect(await command).toMatchObject({ code: 'TIMED_OUT', outcome: 'unknown' })
    }
  })

  test('that the state had no room for did not happen', async () => {
    follower.newLeader('n1')
    const command = follower.command()
    follower.applied('full', position(9), 0)
    expect(await command).toMatchObject({ code: 'OVERLOADED', ...notDone })
  })
})

describe('a command with several attempts', () => {
  beforeEach(() => follower.newLeader())

  test('is in doubt while one of them is undecided, whatever became of the others', async () => {
    for (const result of [refused, { kind: 'overwritten' }] as const) {
      const each = new Follower()
      each.newLeader()
      const command = each.command()
      each.newLeader('n3')
      expect(each.attempts).toHaveLength(2)
      each.tell(1, result)
      await each.end()
      expect(await command).toMatchObject({ code: 'TIMED_OUT', outcome: 'unknown' })
    }
  })

  test('did not happen if none of them did', async () => {
    const command = follower.command()
    follower.newLeader('n3')
    follower.tell(1, refused)
    follower.leader.onLeadership({ leader: null, epoch: 9 })
    follower.tell(0, { kind: 'overwritten' })
    await follower.end()
    expect(await command).toMatchObject({ code: 'OVERWRITTEN', ...notDone })
  })

  test('is answered by whichever is applied first, also if another is said to be lost', async () => {
    const command = follower.command()
    follower.newLeader('n3')
    follower.tell(0, { kind: 'overwritten' })
    follower.applied(null, position(12))
    expect(await command).toBe(12)
  })

  test('waits for the others when the state has no room for one', async () => {
    const command = follower.command()
    follower.newLeader('n3')
    follower.applied('full', position(9), 1)
    follower.applied(null, position(12), 0)
    expect(await command).toBe(12)
  })
})

describe('what is applied here for the place of a command', () => {
  beforeEach(() => follower.newLeader())

  test('and found no room may be an attempt that was made elsewhere: it says nothing of this one', async () => {
    const command = follower.command()
    follower.applied('full', position(9))
    follower.applied(null, position(12))
    expect(await command).toBe(12)
  })

  test('and found the session ended is the end of all attempts, and none was carried out before', async () => {
    const command = follower.command()
    follower.newLeader('n3')
    follower.applied('expired', position(9))
    expect(await command).toMatchObject({ code: 'SESSION_EXPIRED', ...notDone })
  })

  test('leaves in doubt what a snapshot may have passed over', async () => {
    const command = follower.command()
    follower.proposals.onInstalled(position(20))
    follower.newLeader('n3')
    follower.applied('expired', position(21))
    expect(await command).toMatchObject({ code: 'SESSION_EXPIRED', outcome: 'unknown' })
  })

  test('leaves no doubt where each of those attempts is known to be lost', async () => {
    const command = follower.command()
    follower.proposals.onInstalled(position(20))
    follower.newLeader('n3')
    follower.tell(0, { kind: 'overwritten' })
    follower.applied('expired', position(21))
    expect(await command).toMatchObject({ code: 'SESSION_EXPIRED', ...notDone })
  })

  test('and whose own leader cannot tell how it ended stays in doubt', async () => {
    const command = follower.command()
    follower.tell(0, { kind: 'unknown' })
    follower.newLeader('n3')
    follower.applied('expired', position(21))
    expect(await command).toMatchObject({ code: 'SESSION_EXPIRED', outcome: 'unknown' })
  })

  test('by another caller, or as another command, is not the end of this one', async () => {
    const command = follower.command()
    follower.applied('expired', position(8), undefined, { nonce: new Uint8Array(16) })
    follower.applied(null, position(9), undefined, { nonce: new Uint8Array(16) })
    follower.applied(null, position(10), undefined, { cluster: new Uint8Array(16) })
    follower.applied(null, position(11), undefined, { command: Uint8Array.of(1) })
    follower.applied(null, position(12))
    expect(await command).toBe(12)
  })

  test('as another command, before this one came, ends it: its count was used', async () => {
    const command = follower.command()
    follower.newLeader('n3')
    follower.applied('reused', position(9))
    expect(await command).toMatchObject({ code: 'SEQUENCE_REUSED', ...notDone })
  })

  test('as another command, and only a snapshot tells of it, ends it all the same', async () => {
    const { sessions } = follower.state
    sessions.open({ cluster, nonce, owner: 'caller', timeoutMs: 1_000 }, session, clusterTime(0))
    const digest = digestOfCommand(Uint8Array.of(1))
    const verdict = sessions.judge({ ...place, lowestUnacknowledged: 1, digest }, clusterTime(0))
    if (verdict.kind === 'fresh') sessions.keep(verdict.session, 4, { digest, result: new Uint8Array(), refused: null })
    const command = follower.command()
    follower.proposals.onInstalled(position(20))
    expect(await command).toMatchObject({ code: 'SEQUENCE_REUSED', ...notDone })
  })

  test('and found beyond the window is in doubt if it was sent before, with less acknowledged, or by somebody else', async () => {
    const once = follower.command()
    follower.applied('beyondWindow', position(9), 0)
    expect(await once).toMatchObject({ code: 'SESSION_EXPIRED', ...notDone })
    const elsewhere = follower.command()
    follower.applied('beyondWindow', position(10))
    expect(await elsewhere).toMatchObject({ code: 'SESSION_EXPIRED', outcome: 'unknown' })
    const twice = follower.command()
    follower.newLeader('n3')
    follower.applied('beyondWindow', position(12))
    expect(await twice).toMatchObject({ code: 'SESSION_EXPIRED', outcome: 'unknown' })
  })
})
