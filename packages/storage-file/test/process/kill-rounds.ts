import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileStorage } from '@quorate/storage-file/node'
import { bundleSources } from '../../../../tools/source-bundle.mjs'
import { packages } from '../../../../tools/source-patch.js'
import { lifeOf } from '../places.js'

/** Limits under which the appender needs a new segment every few records. */
export const appenderLimits = { segmentBytes: 4_096, reserveSegments: 1 }

/** Builds the program that is killed. Returns its path. */
export async function buildAppender(directory: string): Promise<string> {
  const outfile = join(directory, 'appender.mjs')
  await bundleSources(join(packages, 'storage-file', 'test', 'process', 'appender.ts'), outfile)
  return outfile
}

/** An appender, and what it has said: which record it found last when it opened, and which one is durable. */
export interface Appender {
  readonly child: ChildProcess
  readonly found: () => number
  readonly durable: () => number
}

/** Runs the appender until it has said so many lines. */
export async function appenderAfter(program: string, place: string, lines: number): Promise<Appender> {
  const child = spawn(process.execPath, [program, place], { stdio: ['ignore', 'pipe', 'inherit'] })
  let [found, durable, said] = [0, 0, 0]
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the appender ended with ${code} after ${said} lines`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [word, number] = line.split(' ')
      if (word === 'open') found = Number(number)
      durable = Number(number)
      said += 1
      if (said === lines) resolve()
    })
  })
  return { child, found: () => found, durable: () => durable }
}

export async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'close')
  child.kill('SIGKILL')
  await exit
}

/**
 * Kills the appender again and again, and compares each time: what it said was durable before its death, its next life
 * has found, and at last every record is there and what it was. Returns how many there are. Throws if not.
 */
export async function killRounds(program: string, place: string, rounds: number): Promise<number> {
  let acknowledged = 0
  for (let round = 1; round <= rounds; round += 1) {
    const { child, found, durable } = await appenderAfter(program, place, 1 + ((round * 13) % 40))
    await kill(child)
    if (found() < acknowledged) {
      throw new Error(`round ${round}: record ${acknowledged} was durable, and they end with ${found()}`)
    }
    acknowledged = durable()
  }
  const life = await lifeOf(await fileStorage({ directory: place, ...appenderLimits }).open())
  await life.storage.close()
  if (life.records.length < acknowledged) {
    throw new Error(`record ${acknowledged} was durable, and they end with ${life.records.length}`)
  }
  const wrong = life.records.findIndex((text, at) => text !== `record ${at + 1}`.padEnd(((at + 1) * 37) % 500, '.'))
  if (wrong >= 0) throw new Error(`record ${wrong + 1} is ${life.records[wrong]}`)
  return life.records.length
}
