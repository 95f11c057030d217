import type { SourcePatch } from '../../../../tools/source-patch.js'
import type { Probe } from './probes/probes.js'

/** A known bug that needs no cluster: the probe that finds it, and what that says. */
export interface ProbedBug extends SourcePatch {
  readonly probe: Probe
  readonly says: string
}

const checkpoints = { file: 'replica/src/snapshots/checkpoints.ts', probe: 'checkpointsGoOn' } as const
const table = { file: 'replica/src/sessions/session-table.ts', probe: 'tablesComeBackToRest' } as const
const codec = { file: 'replica/src/sessions/session-codec.ts', probe: 'restoredStatesCountAlike' } as const
const state = { file: 'replica/src/replicated-state.ts', probe: 'imagesAreOfTheCall' } as const

/** What grows, what does not go on, and what is counted wrongly. */
export const probedBugs: readonly ProbedBug[] = [
  {
    ...checkpoints,
    bug: 'an install while a checkpoint waits for its retry ends all checkpoints',
    replace: `    this.#cancelRetry?.()
    this.#cancelRetry = null
    return`,
    by: `    this.#cancelRetry?.()
    return`,
    says: 'has ended all checkpoints',
  },
  {
    ...checkpoints,
    bug: 'a checkpoint that failed twice is not tried again',
    replace: `      this.#cancelRetry = null
      this.#maybeTake()`,
    by: `      this.#maybeTake()`,
    says: 'was not tried again',
  },
  {
    ...checkpoints,
    bug: 'a renewal that failed is not tried again where nobody writes',
    replace: `    this.#isWanted ||= isRenewal
`,
    by: `    this.#isWanted &&= isRenewal
`,
    says: 'was not written anew',
  },
  {
    ...checkpoints,
    bug: 'one checkpoint is the last',
    replace: `      await writing.finish()
      this.#attempt = null
`,
    by: `      await writing.finish()
`,
    says: 'no checkpoint follows',
  },
  {
    bug: 'of several releases in one batch the first counts',
    file: 'replica/src/writer.ts',
    replace: `readys.findLast((ready) => ready.release !== null)`,
    by: `readys.find((ready) => ready.release !== null)`,
    probe: 'lastReleaseCounts',
    says: 'on the snapshot at 1',
  },
  {
    ...state,
    bug: 'the machine is read for an image when its first byte is wanted, and the sessions at the call',
    replace: `this.active, this.clock.applied, this.sessions), this.machine.snapshot())`,
    by: `this.active, this.clock.applied, this.sessions), {
      [Symbol.asyncIterator]: () => this.machine.snapshot()[Symbol.asyncIterator](),
    })`,
    says: 'of two moments',
  },
  {
    ...codec,
    bug: 'the answers of a restored session have no bytes',
    replace: `    session.resultBytes += result.length
`,
    by: '',
    says: 'restored: ',
  },
  {
    ...table,
    bug: 'bytes of a session that has ended are counted for ever',
    replace: `    this.#bytes -= bytesOfAnswers(session)
`,
    by: '',
    says: 'are left of no session',
  },
  {
    ...table,
    bug: 'a session that has ended takes its place for ever',
    replace: `    this.#counts[session.owner] -= 1
`,
    by: '',
    says: 'are left of no session',
  },
  {
    ...table,
    bug: 'bytes of answers that were acknowledged stay counted in the table',
    replace: `      this.#bytes -= result.length + resultOverheadBytes
`,
    by: '',
    says: 'are counted',
  },
  {
    ...table,
    bug: 'bytes of answers that were acknowledged stay counted in their session',
    replace: `      session.resultBytes -= result.length
`,
    by: '',
    says: 'a session counts',
  },
]
