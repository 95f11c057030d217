import type { Catalogue } from './catalogue.js'

/** How much a proof looked at. */
export interface OutlookProof {
  readonly deliveries: number
  readonly answers: number
  readonly successions: number
}

/**
 * Proves that it was right to leave out what is vain, for all moments and messages that occurred. To whom a message is
 * spent it changes nothing and is not answered; who is mute to it only answers; all that mute receivers answer is spent
 * where the sender is indifferent; and what is certain in one moment is so in every one that follows.
 *
 * From this it follows that a state and the same one without what is vain can do the same from then on: what is delivered
 * in vain leads to a state that is the same but for what is vain. Throws a `RangeError` if something is otherwise.
 */
export function proveOutlooks<Message, Admin>(catalogue: Catalogue<Message, Admin>): OutlookProof {
  const { moments, messages } = catalogue
  let [deliveries, answers, successions] = [0, 0, 0]
  const answersTo = Array.from({ length: messages }, () => new Set<number>())
  for (let id = 0; id < moments; id += 1) {
    const followers = catalogue.followersOf(id)
    successions += followers.length
    for (let message = 0; message < messages; message += 1) {
      const attitude = catalogue.attitude(id, message)
      if (attitude === 'open') continue
      for (const follower of followers) {
        const later = catalogue.attitude(follower, message)
        const isKept = later === attitude || (attitude === 'mute' && later === 'spent')
        if (!isKept) throw new RangeError(`it does not stay ${attitude}: ${catalogue.describe(message)}`)
      }
      if (attitude === 'indifferent') continue
      deliveries += 1
      const given = catalogue.answersTo(message, id)
      const isSo = given !== null && (attitude === 'mute' || given.length === 0)
      if (!isSo) throw new RangeError(`it is ${attitude}, and something comes of it: ${catalogue.describe(message)}`)
      for (const answer of given) answersTo[message]?.add(answer)
    }
  }
  answersTo.forEach((given, message) => {
    for (let id = 0; id < moments; id += 1) {
      if (catalogue.attitude(id, message) !== 'indifferent') continue
      for (const answer of given) {
        answers += 1
        const isSo = catalogue.attitude(id, answer) === 'spent'
        if (!isSo) throw new RangeError(`it is indifferent to an answer, and it is not: ${catalogue.describe(answer)}`)
      }
    }
  })
  return { deliveries, answers, successions }
}
