/**
 * `pnpm bad-disk`: W12 to W17, W23 and W28 on real system calls, by strace, which has to be installed. One thread does
 * the calls (`UV_THREADPOOL_SIZE=1`), because strace counts them for each thread.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { QuorateError } from '@quorate/contracts'
import { fileStorage } from '@quorate/storage-file/node'
import { bundleSources } from '../../../../tools/source-bundle.mjs'
import { packages } from '../../../../tools/source-patch.js'
import { lifeOf } from '../places.js'
import { faults, type Fault } from './faults.js'
import { lifeLimits, recordAt, recordsInLife } from './records.js'

const run = promisify(execFile)
const root = await mkdtemp(join(tmpdir(), 'quorate-bad-disk-'))
const program = join(root, 'life.mjs')
await bundleSources(join(packages, 'storage-file', 'test', 'bad-disk', 'life.ts'), program)

/** What a life has said under one fault. */
interface Said {
  readonly durable: number
  readonly found: number | null
  readonly refused: string | null
  readonly isClosed: boolean
}

/** Runs a life, under a fault or none. */
async function lifeUnder(place: string, verb: string, inject: string | null): Promise<Said> {
  const strace = inject === null ? [] : ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `inject=${inject}`]
  const [command = '', ...args] = [...strace, process.execPath, program, place, verb]
  const env = { ...process.env, UV_THREADPOOL_SIZE: '1' }
  const { stdout } = await run(command, args, { env }).catch((error: unknown) => ({
    stdout: String(Reflect.get(Object(error), 'stdout')),
  }))
  const lines = stdout.split('\n').map((line) => line.split(' '))
  const last = (word: string): string | null => lines.findLast(([first]) => first === word)?.[1] ?? null
  const found = last('found')
  return {
    durable: Number(last('durable') ?? 0),
    found: found === null ? null : Number(found),
    refused: last('refused'),
    isClosed: lines.some(([first]) => first === 'closed'),
  }
}

/** Opens the place without any fault. Throws if what was acknowledged is not there, or something else is. */
async function checkPlace(place: string, said: Said, isLie: boolean): Promise<'whole' | 'refused'> {
  try {
    const storage = await fileStorage({ directory: place, ...lifeLimits }).open()
    const { records, first } = await lifeOf(storage).finally(() => storage.close())
    const last = Math.max(first, 1) - 1 + records.length
    const wrong = records.findIndex((text, at) => text !== recordAt(first + at))
    if (wrong >= 0) throw new Error(`record ${first + wrong} was never written`)
    if (last < said.durable && !isLie) throw new Error(`record ${said.durable} was durable, and they end with ${last}`)
    return 'whole'
  } catch (error) {
    if (isLie && error instanceof QuorateError && error.code === 'STORAGE_CORRUPT') return 'refused'
    throw error
  }
}

async function tryFault(fault: Fault, nth: number): Promise<Said & { readonly after: 'whole' | 'refused' }> {
  const place = join(root, `${fault.inject}-${nth}`.replaceAll(/\W+/g, '-'))
  const whole = fault.verb === 'read' ? await lifeUnder(place, 'write', null) : null
  const said = await lifeUnder(place, fault.verb, fault.inject.replace('when=N', `when=${nth}`))
  if (whole && said.found !== null && said.found < recordsInLife)
    throw new Error(`only ${said.found} records were read`)
  const after = await checkPlace(place, whole ?? said, fault.isLie)
  await rm(place, { recursive: true, force: true })
  return { ...said, after }
}

try {
  console.log('case  fault                                     runs  went on  refused  ended  refused later')
  for (const fault of faults) {
    const counts = { closed: 0, refused: 0, ended: 0, later: 0 }
    for (let nth = 1; nth <= fault.upTo; nth += 1) {
      const { isClosed, refused, after } = await tryFault(fault, nth).catch((error: unknown) => {
        throw new Error(`${fault.what}, N = ${nth}: ${String(error)}`, { cause: error })
      })
      if (after === 'refused') counts.later += 1
      counts[isClosed ? 'closed' : refused === null ? 'ended' : 'refused'] += 1
    }
    const numbers = [fault.upTo, counts.closed, counts.refused, counts.ended, counts.later]
    const cells = numbers.map((number, at) => String(number).padStart([4, 9, 9, 7, 15][at] ?? 0))
    console.log(`${fault.case.padEnd(6)}${fault.what.padEnd(42)}${cells.join('')}`)
  }
  console.log('After each, what was acknowledged was there, and nothing that was never written.')
} finally {
  await rm(root, { recursive: true, force: true })
}
