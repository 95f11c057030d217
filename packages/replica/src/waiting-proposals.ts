import { hexOfBytes, type Position } from '@quorate/contracts'
import type { Proposal } from './proposal.js'
import type { RawResult } from './replica.js'
import type { Request } from './requests.js'
import type { Opening, SessionKey } from './sessions/session.js'

/** A proposal that somebody waits for. */
export type ProposalRequest = Request<Proposal, RawResult>

/** Which proposals wait for what is applied: commands by session and count, the others by the nonce of their session. */
export class WaitingProposals {
  readonly #commands = new Map<Position, Map<number, Set<ProposalRequest>>>()
  readonly #others = new Map<string, Set<ProposalRequest>>()

  /** Sessions, and nonces of sessions, that somebody waits for. */
  get places(): number {
    return this.#commands.size + this.#others.size
  }

  add(request: ProposalRequest): void {
    const { kind, session, sequence } = request.payload
    if (kind !== 'command') {
      const name = nameOf(kind, request.payload)
      const here = this.#others.get(name) ?? new Set()
      this.#others.set(name, here.add(request))
      return
    }
    const bySequence = this.#commands.get(session) ?? new Map<number, Set<ProposalRequest>>()
    this.#commands.set(session, bySequence)
    const here = bySequence.get(sequence) ?? new Set()
    bySequence.set(sequence, here.add(request))
  }

  delete(request: ProposalRequest): void {
    const { kind, session, sequence } = request.payload
    if (kind !== 'command') {
      const name = nameOf(kind, request.payload)
      this.#others.get(name)?.delete(request)
      if (this.#others.get(name)?.size === 0) this.#others.delete(name)
      return
    }
    const bySequence = this.#commands.get(session)
    bySequence?.get(sequence)?.delete(request)
    if (bySequence?.get(sequence)?.size === 0) bySequence.delete(sequence)
    if (bySequence?.size === 0) this.#commands.delete(session)
  }

  /** Those of a place, of whatever caller: more than one may name it. */
  at(session: Position, sequence: number): readonly ProposalRequest[] {
    return [...(this.#commands.get(session)?.get(sequence) ?? [])]
  }

  openings(opening: Pick<Opening, 'cluster' | 'nonce'>): readonly ProposalRequest[] {
    return [...(this.#others.get(nameOf('openSession', opening)) ?? [])]
  }

  closings(key: SessionKey): readonly ProposalRequest[] {
    return [...(this.#others.get(nameOf('closeSession', key)) ?? [])]
  }

  all(): readonly ProposalRequest[] {
    const commands = [...this.#commands.values()].flatMap((bySequence) => [...bySequence.values()])
    return [...commands, ...this.#others.values()].flatMap((requests) => [...requests])
  }
}

function nameOf(kind: Proposal['kind'], { cluster, nonce }: Pick<Opening, 'cluster' | 'nonce'>): string {
  return `${kind} ${hexOfBytes(cluster)} ${hexOfBytes(nonce)}`
}
