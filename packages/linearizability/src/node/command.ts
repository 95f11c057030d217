import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import {
  describeCounterexample,
  HistoryFormatError,
  modelNames,
  renderTimeline,
  type Limits,
  type ReadHistory,
  type Verdict,
} from '../index.js'
import { readHistories } from './read-histories.js'

/** Where a command says what it has to say. */
export interface Console {
  log(line: string): void
  error(line: string): void
}

export const usage = `usage: quorate-linearizability check FILE.jsonl … [--html OUT.html] [--model NAME] [--steps N] [--quiet]

  check      says of each history of the files whether it is linearizable, and shows why not
  --html     writes a timeline of the first history that is not
  --model    of runs that name none: ${modelNames.join(', ')}
  --steps    how many steps the search may take for each history before its verdict is unknown
  --quiet    only what failed, without counterexamples, and the count

A history fails if it is not what its file says it is ("linearizable": true or false); if its file says nothing, if it is not
linearizable. One without a verdict fails. Exit code 0 if none failed, 1 if one did, 2 if a file could not be read.`

/** What a failed file or a wrong command line ends with. */
class CommandError extends Error {}

interface Wish {
  readonly files: readonly string[]
  readonly html: string | null
  readonly model: string | null
  readonly limits: Limits
  readonly isQuiet: boolean
}

/** Runs `quorate-linearizability` with these arguments. Resolves with the exit code. */
export async function runCommand(args: readonly string[], console: Console): Promise<number> {
  try {
    return await checkFiles(readArguments(args), console)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    console.error(error.message)
    return 2
  }
}

function readArguments(args: readonly string[]): Wish {
  const { values, positionals } = parsed(args)
  const [verb, ...files] = positionals
  if (values.help === true || verb !== 'check' || files.length === 0) throw new CommandError(usage)
  const { html = null, model = null, steps } = values
  if (model !== null && !modelNames.some((name) => name === model)) {
    throw new CommandError(`--model ${model}: it is one of ${modelNames.join(', ')}`)
  }
  const stepsMax = Number(steps ?? 20_000_000)
  if (!Number.isSafeInteger(stepsMax) || stepsMax < 1)
    throw new CommandError(`--steps ${steps}: it is a number from 1 on`)
  return { files, html, model, limits: { stepsMax }, isQuiet: values.quiet === true }
}

function parsed(args: readonly string[]): ReturnType<typeof parseArgs<typeof config>> {
  try {
    return parseArgs({ ...config, args: [...args] })
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
  }
}

const config = {
  allowPositionals: true,
  options: {
    html: { type: 'string' },
    model: { type: 'string' },
    steps: { type: 'string' },
    quiet: { type: 'boolean' },
    help: { type: 'boolean' },
  },
} as const

async function checkFiles({ files, html, model, limits, isQuiet }: Wish, console: Console): Promise<number> {
  const counts = { passed: 0, failed: 0 }
  let isDrawn = html === null
  for (const file of files) {
    for await (const read of histories(file, model)) {
      const { verdict } = read.judge(limits)
      const isPassed = verdict === (read.isLinearizable === false ? 'notLinearizable' : 'linearizable')
      counts[isPassed ? 'passed' : 'failed'] += 1
      if (!isQuiet || !isPassed) console.log(`${read.id}: ${inWords(verdict)}${expectation(read, isPassed)}`)
      if (verdict !== 'notLinearizable') continue
      const isShown = !isQuiet && read.isLinearizable !== false
      if (!isShown && isDrawn) continue
      const counterexample = read.counterexample(limits)
      if (counterexample === null) continue
      if (isShown) console.log(indented(describeCounterexample(counterexample)))
      if (!isDrawn && html !== null) {
        isDrawn = true
        await write(html, renderTimeline(counterexample, { title: read.id }))
        console.log(`  drawn in ${html}`)
      }
    }
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed`)
  return counts.failed === 0 ? 0 : 1
}

async function* histories(file: string, model: string | null): AsyncGenerator<ReadHistory> {
  try {
    yield* readHistories(file, model === null ? {} : { model })
  } catch (error) {
    if (error instanceof HistoryFormatError) throw new CommandError(`${file}: ${error.message}`)
    if (error instanceof Error && 'code' in error) throw new CommandError(`${file} cannot be read: ${error.message}`)
    throw error
  }
}

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text)
  } catch (error) {
    throw new CommandError(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function inWords(verdict: Verdict): string {
  return verdict === 'notLinearizable' ? 'not linearizable' : verdict
}

function expectation({ isLinearizable }: ReadHistory, isPassed: boolean): string {
  if (isLinearizable === null || isPassed) return ''
  return `, and its file says ${isLinearizable ? 'that it is linearizable' : 'that it is not linearizable'}`
}

function indented(text: string): string {
  return `\n${text}\n`.replaceAll(/^(?=.)/gm, '  ')
}
