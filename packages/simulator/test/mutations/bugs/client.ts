import type { KnownBug } from '../known-bug.js'

/** The client and the gateway: sessions over HTTP (decision 0006), and whether it happened. */
export const bugsOfClient: readonly KnownBug[] = [
  {
    bug: 'the client counts a command anew when it sends it again',
    profile: 'client',
    file: 'client/src/errand.ts',
    replace: `this.#slot ??= this.#host.sessions.take()`,
    by: `this.#slot = this.#host.sessions.take()`,
  },
  {
    bug: 'the client acknowledges commands that are still under way',
    profile: 'client',
    file: 'client/src/sessions.ts',
    replace: `lowestUnacknowledged: () => lowestOf(session)`,
    by: `lowestUnacknowledged: () => sequence`,
  },
  {
    bug: 'the client goes on in another session with a command that is in doubt',
    profile: 'client',
    file: 'client/src/errand.ts',
    replace: `    if (this.#isInDoubt) return this.#end?.({ error: this.#asMine(error) })
    slot.release()`,
    by: `    slot.release()`,
  },
  {
    bug: 'the client takes a later refusal for the end of all doubt',
    profile: 'client',
    file: 'client/src/errand.ts',
    replace: `    if (error.outcome !== 'notDone' && this.#order.repeats === 'inSession') this.#isInDoubt = true
`,
    by: `    this.#isInDoubt = error.outcome !== 'notDone' && this.#order.repeats === 'inSession'
`,
  },
  {
    bug: 'the client says of a connection that was lost that nothing happened',
    profile: 'client',
    file: 'client/src/errand.ts',
    replace: `const outcome = wasSent ? 'unknown' : 'notDone'`,
    by: `const outcome = 'notDone' as const`,
  },
  {
    bug: 'the client says of what it gives up that nothing happened',
    profile: 'client',
    file: 'client/src/errand.ts',
    replace: `const mayHappen = this.#mayHaveHappened`,
    by: `const mayHappen = this.#order.repeats === 'freely' && this.#mayHaveHappened`,
  },
  {
    bug: 'the client sends a command without a session again',
    profile: 'client',
    file: 'client/src/verdict.ts',
    replace: `(repeats !== 'never' || outcome === 'notDone') && !lasting.includes(code)`,
    by: `(repeats !== 'never' || outcome !== 'fatal') && !lasting.includes(code)`,
  },
  {
    bug: 'the gateway leaves the place in a session out',
    profile: 'client',
    file: 'gateway-http/src/operations.ts',
    replace: `{ timeoutMs: leftMs, signal, ...place }`,
    by: `{ ...place, session: undefined, timeoutMs: leftMs, signal }`,
  },
  {
    bug: 'the gateway answers linearizable queries with what its member has',
    profile: 'client',
    file: 'gateway-http/src/operations.ts',
    replace: `{ timeoutMs: leftMs, signal, consistency }`,
    by: `{ timeoutMs: leftMs, signal, consistency: 'local' as typeof consistency }`,
  },
  {
    bug: 'the gateway says of every failure that nothing happened',
    profile: 'client',
    file: 'gateway-http/src/refusal.ts',
    replace: `return { error: { code, outcome, message: cutText(message, charactersMax), leader } }`,
    by: `return { error: { code, outcome: outcome === 'unknown' ? 'notDone' : outcome, message, leader } }`,
  },
]
