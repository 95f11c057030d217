import type { NodeId, Position, RunningTransport, Token } from '@quorate/contracts'
import {
  decodeForward,
  decodeReply,
  encodeForward,
  encodeReply,
  type Forward,
  type ForwardReply,
} from './forward-frames.js'
import { frameKind, frameReserveBytes } from './frame.js'
import type { Proposal } from './proposal.js'
import { noRoomInSession, type Ending } from './refusals.js'
import type { Outcome } from './replicated-state.js'
import { RequestIds } from './request-ids.js'
import { SeenRequests } from './seen-requests.js'

/**
 * Requests of one other member that are under way here at once; over it they are refused. Each member has as many, and
 * callers of this member count apart (`requestsMax`): so clients of one member keep out neither those of another nor ours.
 */
const forwardsMax = 8_192

/** What is asked, whoever asks. */
type Asked = DistributiveOmit<Forward, 'request'>

type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never

/** What forwarding needs of the driver. */
export interface ForwardingHost {
  nextToken(): Token
  send: RunningTransport['send']
  /** Enqueue it for the protocol here; false when the mailbox is full. */
  propose(token: Token, proposal: Proposal): boolean
  barrier(token: Token): boolean
  transfer(token: Token, to: NodeId | null): boolean
  /** What became of a request of this member's own, which is a token of its own. */
  onReply(token: Token, reply: ForwardReply): void
}

/**
 * Requests of members that do not lead, carried out by the one that does (decision D9). One hop: a member that does not
 * lead refuses what it is asked, and says whom it would ask.
 */
export class Forwarding {
  readonly #host: ForwardingHost
  readonly #ids: RequestIds
  readonly #seen = new SeenRequests()
  readonly #asked = new Map<Token, { readonly from: NodeId; readonly request: number }>()
  readonly #askedBy = new Map<NodeId, number>()

  /** `starts`: how often this member has started. */
  constructor(host: ForwardingHost, starts: number) {
    this.#host = host
    this.#ids = new RequestIds(starts)
  }

  /** Requests of others under way here. */
  get pending(): number {
    return this.#asked.size
  }

  /** Asks the leader something under a token of this member. False if the frame did not leave. */
  ask(leader: NodeId, token: Token, asked: Asked): boolean {
    const frame = encodeForward({ ...asked, request: this.#ids.idOf(token) }, frameReserveBytes)
    frame[0] = frameKind.forward
    return this.#host.send(leader, frame, channelOf(asked)) === 'queued'
  }

  /** A frame of another member's driver. Throws `BytesError` if it is none. */
  onFrame(kind: number, from: NodeId, body: Uint8Array): void {
    if (kind === frameKind.forward) this.#carryOut(from, decodeForward(body))
    if (kind === frameKind.reply) this.#onReply(decodeReply(body))
  }

  /** Tells the asker how it ended. False if the token is not of a request of others. */
  settle(token: Token, result: Ending): boolean {
    const asked = this.#take(token)
    if (asked) this.#reply(asked.from, { kind: 'settled', request: asked.request, result })
    return asked !== null
  }

  /** Tells the asker from which position on it may answer. False if the token is not of a request of others. */
  answerBarrier(token: Token, position: Position): boolean {
    const asked = this.#take(token)
    if (asked) this.#reply(asked.from, { kind: 'barrier', request: asked.request, position })
    return asked !== null
  }

  /**
   * A proposal of others was applied. The asker finds out as it applies it; only of a refusal for lack of room it cannot
   * tell whether it was this attempt that was refused, or another that still may be carried out.
   */
  onApplied(token: Token, outcome: Outcome | null): void {
    const asked = this.#take(token)
    if (asked === null || outcome?.kind !== 'refused' || outcome.why !== 'full') return
    const result = { kind: 'refused', reason: 'overloaded', leader: null, detail: noRoomInSession } as const
    this.#reply(asked.from, { kind: 'settled', request: asked.request, result })
  }

  #onReply(reply: ForwardReply): void {
    const token = this.#ids.tokenOf(reply.request)
    if (token !== null) this.#host.onReply(token, reply)
  }

  #carryOut(from: NodeId, forward: Forward): void {
    const { request } = forward
    if (!this.#seen.isNew(from, channelOf(forward), request)) return
    const asked = this.#askedBy.get(from) ?? 0
    if (asked >= forwardsMax) return this.#refuse(from, request)
    const token = this.#host.nextToken()
    this.#asked.set(token, { from, request })
    this.#askedBy.set(from, asked + 1)
    if (this.#hand(token, forward)) return
    this.#take(token)
    this.#refuse(from, request)
  }

  #hand(token: Token, forward: Asked): boolean {
    switch (forward.kind) {
      case 'propose':
        return this.#host.propose(token, forward.proposal)
      case 'barrier':
        return this.#host.barrier(token)
      case 'transfer':
        return this.#host.transfer(token, forward.to)
    }
  }

  #refuse(to: NodeId, request: number): void {
    const detail = 'the leader has as much to do as it may take'
    this.#reply(to, {
      kind: 'settled',
      request,
      result: { kind: 'refused', reason: 'overloaded', leader: null, detail },
    })
  }

  #reply(to: NodeId, reply: ForwardReply): void {
    const frame = encodeReply(reply, frameReserveBytes)
    frame[0] = frameKind.reply
    this.#host.send(to, frame, 'control')
  }

  #take(token: Token) {
    const asked = this.#asked.get(token) ?? null
    if (asked === null) return null
    this.#asked.delete(token)
    this.#askedBy.set(asked.from, (this.#askedBy.get(asked.from) ?? 1) - 1)
    return asked
  }
}

function channelOf({ kind }: Asked): 'log' | 'control' {
  return kind === 'propose' ? 'log' : 'control'
}
