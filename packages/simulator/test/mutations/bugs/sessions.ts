import type { KnownBug } from '../known-bug.js'

/** Whose a session is (decision 0009). */
export const bugsOfSessions: readonly KnownBug[] = [
  {
    bug: 'whoever counts to the position of a session can use it',
    profile: 'any',
    file: 'replica/src/sessions/session-table.ts',
    replace: `  if (!equalBytes(session.nonce, place.nonce)) return 'expired'
`,
    by: '',
  },
  {
    bug: 'another command under a used count is given the answer of the first',
    profile: 'any',
    file: 'replica/src/sessions/session-table.ts',
    replace: `    if (kept && !isSameDigest(kept.digest, place.digest)) return { kind: 'refused', why: 'reused' }
`,
    by: '',
  },
  {
    bug: 'a caller is told how the command of another one ended, under the same position and count',
    profile: 'any',
    file: 'replica/src/proposals.ts',
    replace: `  return isSameKey(payload, key) && equalBytes(payload.command, command)`,
    by: `  return payload.session === key.session || equalBytes(payload.command, command)`,
  },
  {
    bug: 'what a stranger acknowledges is forgotten, though it is refused',
    profile: 'any',
    file: 'replica/src/sessions/session-table.ts',
    replace: `    const why = whyNotIn(session, place)
    if (why !== null) return { kind: 'refused', why }
    this.#acknowledge(session, place.lowestUnacknowledged)`,
    by: `    this.#acknowledge(session, place.lowestUnacknowledged)
    const why = whyNotIn(session, place)
    if (why !== null) return { kind: 'refused', why }`,
  },
  {
    bug: 'the digests of commands are left out of the snapshot',
    profile: 'images',
    file: 'replica/src/sessions/session-codec.ts',
    replace: `writer.u53(sequence).u32(digest.high).u32(digest.low)`,
    by: `writer.u53(sequence).u32(0 * digest.high).u32(0)`,
  },
  {
    bug: 'the nonces of sessions are left out of the snapshot',
    profile: 'images',
    file: 'replica/src/sessions/session-codec.ts',
    replace: `raw(session.cluster).raw(session.nonce)`,
    by: `raw(session.cluster).raw(session.nonce.map(() => 0))`,
  },
  {
    bug: 'a member that forwards a command leaves out whose session it is',
    profile: 'any',
    file: 'replica/src/forward-frames.ts',
    replace: `u53(session).raw(nonce)`,
    by: `u53(session).raw(kind === 'command' ? nonce.map(() => 0) : nonce)`,
  },
  {
    bug: 'the clusters of sessions are left out of the snapshot',
    profile: 'images',
    file: 'replica/src/sessions/session-codec.ts',
    replace: `    cluster: reader.raw(clusterIdBytes).slice(),`,
    by: `    cluster: reader.raw(clusterIdBytes).map(() => 0),`,
  },
]
