import type { OutcomeBug } from './bugs.js'

/** What callers see, with what they give and are given: one bug for each kind. Bugs of one list are tried together. */
export const bugsOfCallers: readonly (readonly OutcomeBug[])[] = [
  [
    {
      bug: 'whole numbers beyond 2^53 are read as others',
      file: 'contracts/src/exact-json.ts',
      replace: `  if (comesBack) return
`,
      by: `  if (comesBack || isWhole) return
`,
      foundBy: {
        file: 'contracts/test/exact-json.test.ts',
        test: 'what would be changed is refused by its path: 1152921504606846976',
      },
    },
    {
      bug: 'the status that a stranger answers is believed',
      file: 'client/src/answers.ts',
      replace: `  return checked(memberStatusSchema, jsonOf(answer))`,
      by: `  return jsonOf(answer) as MemberStatus`,
      foundBy: {
        file: 'client/test/errands.test.ts',
        test: 'a status that is none of a member is a QuorateError, and another member is asked for one',
      },
    },
    {
      bug: 'the rejection of a listener is not caught',
      file: 'contracts/src/callbacks.ts',
      replace: `    if (isPromise(returned)) returned.then(undefined, onError)
`,
      by: `    if (isPromise(returned)) return
`,
      foundBy: {
        file: 'replica/test/callbacks.test.ts',
        test: 'D39: a listener whose promise rejects is logged like one that throws, and ends nothing',
      },
    },
    {
      bug: 'a signal is listened to once for each call',
      file: 'contracts/src/abort-listeners.ts',
      replace: `sharedBySignal.get(signal) ?? attach(signal)`,
      by: `attach(signal)`,
      foundBy: {
        file: 'contracts/test/callbacks.test.ts',
        test: 'a signal that a thousand calls share is listened to once, and each call hears of it once',
      },
    },
    {
      bug: 'of joined proposals only the first asker is told that there was no room',
      file: 'replica/src/callers.ts',
      replace: `    for (const each of tokens) this.#forwarding.onApplied(each, outcome)`,
      by: `    for (const each of tokens.slice(0, 1)) this.#forwarding.onApplied(each, outcome)`,
      foundBy: {
        file: 'replica/test/proposals-in-flight.test.ts',
        test: 'and refused with it as full, which leaves no doubt',
      },
    },
    {
      bug: 'of joined proposals one refusal leaves the others in doubt',
      file: 'replica/src/sessions/session-refusals.ts',
      replace: `undecided.size > 0 && [...undecided].every((token) => tokens.includes(token))`,
      by: `undecided.size > 0 && [...undecided].every((token) => tokens[0] === token)`,
      foundBy: {
        file: 'replica/test/proposals-in-flight.test.ts',
        test: 'and refused with it as beyondWindow, which leaves no doubt',
      },
    },
  ],
]
