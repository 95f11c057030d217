import type { KnownBug } from '../known-bug.js'

/** Bugs of directories that went back in time: who notices, and what is done about it (decision 0011). */
export const bugsOfCopies: readonly KnownBug[] = [
  {
    bug: 'a member starts on a copy of its directory',
    profile: 'copies',
    file: 'storage-file/src/ownership.ts',
    replace: `  return found ? !isMarked(identity.mark, found) : false`,
    by: `  return found ? false && isMarked(identity.mark, found) : false`,
  },
  {
    bug: 'peers do not compare how far a journal had come',
    profile: 'copies',
    file: 'replica/src/admission.ts',
    replace: `hello.recovered < known.persisted`,
    by: `hello.recovered < 0`,
  },
  {
    bug: 'frames do not say how far the journal of their sender is',
    profile: 'copies',
    file: 'replica/src/peers.ts',
    replace: `    vouchIn(frame, this.#host.journal.persisted)`,
    by: `    vouchIn(frame, 0)`,
  },
  {
    bug: 'what a peer vouched for is not looked at before it is kept',
    profile: 'copies',
    file: 'replica/src/identity-file.ts',
    replace: `persisted: Math.max(life.persisted, this.#heard.get(peer) ?? 0)`,
    by: `persisted: life.persisted`,
  },
]
