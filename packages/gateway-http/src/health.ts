import type { Answer } from './answer.js'
import { describeBrokenLinks } from './broken-links.js'
import { loadText, type GatewayLoad } from './load-text.js'
import type { ServedReplica } from './options.js'
import { noParameters, parseParameters, statusParameters } from './parameters.js'

/** 200 while the replica runs: 503 asks for a restart. */
export async function answerHealth(replica: ServedReplica, search: string, answer: Answer): Promise<void> {
  parseParameters(noParameters, search)
  const { state, reason } = await replica.status()
  sayWhether(answer, state === 'running' ? null : `this member has stopped: ${reason ?? 'it was closed'}`)
}

/** 200 while the member can be of use: it runs, knows and reaches a leader, and has applied something. */
export async function answerReadiness(replica: ServedReplica, search: string, answer: Answer): Promise<void> {
  parseParameters(noParameters, search)
  const { id, state, reason, leadership, peers, lastApplied } = await replica.status()
  if (state !== 'running') return sayWhether(answer, `this member has stopped: ${reason ?? 'it was closed'}`)
  const { leader } = leadership
  if (leader === null) return sayWhether(answer, `this member knows no leader${describeBrokenLinks(peers)}`)
  const link = leader === id ? undefined : peers.find((peer) => peer.id === leader)
  if (link && link.link !== 'up') {
    const why = link.reason === null ? '' : `: ${link.reason}`
    return sayWhether(answer, `this member follows ${leader} and cannot reach it${why}`)
  }
  sayWhether(answer, lastApplied > 0 ? null : 'this member has applied nothing yet')
}

/** The replica's status, with the digest of its state if asked for. */
export async function answerStatus(replica: ServedReplica, search: string, answer: Answer): Promise<void> {
  const { digest } = parseParameters(statusParameters, search)
  answer.json(200, await replica.status({ digest: digest === 'true' }))
}

/** Answers with the numbers of the member and of this gateway, in the text that Prometheus scrapes. */
export function answerMetricsWith(
  load: () => GatewayLoad,
): (replica: ServedReplica, search: string, answer: Answer) => Promise<void> {
  return async (replica, search, answer) => {
    parseParameters(noParameters, search)
    const text = (await replica.metrics()) + loadText(load())
    answer.bytes(200, 'text/plain; version=0.0.4; charset=utf-8', Buffer.from(text))
  }
}

function sayWhether(answer: Answer, problem: string | null): void {
  if (problem === null) answer.json(200, { status: 'ok' })
  else answer.json(503, { status: 'unavailable', reason: problem }, { 'retry-after': '1' })
}
