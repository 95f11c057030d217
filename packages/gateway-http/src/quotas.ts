import type { HandlerSettings } from './options.js'
import { Quota } from './quota.js'

/** The part of all bytes of answers that is kept for status, health and metrics. */
const statusPart = 1 / 8

/** What requests over HTTP share in one handler, beside its leader's queue and its connections. */
export interface Quotas {
  /** Commands, queries and sessions under way. */
  readonly requests: Quota
  /** Bytes of their bodies. */
  readonly bodies: Quota
  /** Bytes of their answers that have not left. */
  readonly answers: Quota
  /** Bytes of answers that tell how the member is: somebody has to see it while all else is taken. */
  readonly statusAnswers: Quota
}

/** The quotas of a handler. */
export function quotasOf(settings: HandlerSettings): Quotas {
  const { addressShare, requestsMax, pendingBytesMax, pendingAnswerBytesMax, bodyBytesMax } = settings
  const statusMax = Math.floor(pendingAnswerBytesMax * statusPart)
  return {
    requests: new Quota({ max: requestsMax, addressShare }),
    bodies: new Quota({ max: pendingBytesMax, addressShare, loneMax: bodyBytesMax }),
    answers: new Quota({ max: pendingAnswerBytesMax - statusMax, addressShare }),
    statusAnswers: new Quota({ max: statusMax, addressShare }),
  }
}
