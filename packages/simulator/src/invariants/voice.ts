// Raft §5.1, §5.2: terms never go back and a member votes once in a term, whatever it lived through.
import { expectAlways } from '../violation.js'
import type { Invariant, Look } from './invariant.js'
import type { Votes } from './votes.js'

/** Epoch and vote hold within a life; from one life to the next, what was durable of them holds. */
export class VoiceKept implements Invariant {
  readonly #votes: Votes

  constructor(votes: Votes) {
    this.#votes = votes
  }

  check({ member, now, before }: Look): void {
    const { id, lastLife } = member
    if (before && before.epoch === now.epoch && before.votedFor !== null) {
      expectAlways(before.votedFor === now.votedFor, () => {
        return `${id} votes for ${before.votedFor} and then for ${now.votedFor ?? 'nobody'} in epoch ${now.epoch}`
      })
    }
    if (before || !lastLife) return
    const { voice } = lastLife.disk
    expectAlways(now.epoch >= voice.epoch, () => {
      return `${id} knew epoch ${voice.epoch} for certain, and comes back with ${now.epoch}`
    })
    const isKept = now.epoch > voice.epoch || voice.votedFor === null || now.votedFor === voice.votedFor
    expectAlways(isKept, () => {
      return `${id} had voted for ${voice.votedFor} in epoch ${voice.epoch}, and comes back with ${now.votedFor ?? 'no vote'}`
    })
  }

  /** A vote that is on a member's disk now. */
  onDurable(id: string, epoch: number, votedFor: string | null): void {
    if (votedFor === null) return
    const known = this.#votes.keep(id, epoch, votedFor)
    expectAlways(known === votedFor, () => `${id} votes for ${known} and for ${votedFor} in epoch ${epoch}`)
  }
}
