import { equalBytes, hexOfBytes, type Token } from '@quorate/contracts'
import type { Proposal } from './proposal.js'
import { isSameKey } from './sessions/session.js'

/** Proposals that are joined to others at once. Over it each is proposed by itself, and the protocol bounds those. */
const joinedMax = 16_384

interface InFlight {
  readonly place: string
  readonly proposal: Proposal
  readonly epoch: number
  /** What ends with it. */
  readonly joined: Token[]
}

/**
 * Proposals that this member gave to its protocol as the leader, until they end. Sessions make twice one, and each copy takes
 * a position of the log: a copy that comes while the first one is undecided is joined to that one, and both end alike.
 *
 * Nothing is joined across leaderships: what was proposed in an earlier one may be lost, and only a new proposal is not.
 */
export class ProposalsInFlight {
  readonly #byToken = new Map<Token, InFlight>()
  readonly #byPlace = new Map<string, InFlight>()
  #joined = 0

  /** Tokens that are remembered. */
  get size(): number {
    return this.#byToken.size + this.#joined
  }

  /** True if the same is in flight in this leadership: the token ends with it, and nothing is to be proposed. */
  join(token: Token, proposal: Proposal, epoch: number): boolean {
    const first = this.#byPlace.get(placeOf(proposal))
    if (first?.epoch !== epoch || !isSame(first.proposal, proposal) || this.#joined >= joinedMax) return false
    first.joined.push(token)
    this.#joined += 1
    return true
  }

  /** It was given to the protocol. Of different proposals for one place the first of a leadership is remembered. */
  add(token: Token, proposal: Proposal, epoch: number): void {
    const place = placeOf(proposal)
    if (this.#byPlace.get(place)?.epoch === epoch) return
    const inFlight: InFlight = { place, proposal, epoch, joined: [] }
    this.#byToken.set(token, inFlight)
    this.#byPlace.set(place, inFlight)
  }

  /** Something with this token has ended: what ends with it, itself first. It is forgotten. */
  end(token: Token): readonly Token[] {
    const ended = this.#byToken.get(token)
    if (!ended) return [token]
    this.#byToken.delete(token)
    if (this.#byPlace.get(ended.place) === ended) this.#byPlace.delete(ended.place)
    this.#joined -= ended.joined.length
    return [token, ...ended.joined]
  }

  /** This member ends: nobody will be told of anything. */
  clear(): void {
    this.#byToken.clear()
    this.#byPlace.clear()
    this.#joined = 0
  }
}

/** Where to look for the same: cheap to make, and not yet all that has to be equal. */
function placeOf({ kind, session, sequence, nonce }: Proposal): string {
  return kind === 'command' ? `${session} ${sequence}` : `${kind} ${hexOfBytes(nonce)}`
}

/**
 * True if one entry can stand for both. What each acknowledges may differ: that grows while a copy is on its way, and the
 * next command says it again.
 */
function isSame(left: Proposal, right: Proposal): boolean {
  return (
    left.kind === right.kind &&
    left.sequence === right.sequence &&
    left.codec === right.codec &&
    left.machineVersion === right.machineVersion &&
    isSameKey(left, right) &&
    equalBytes(left.command, right.command)
  )
}
