import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { position, sequence } from '@quorate/contracts'
import { fileStorage } from '@quorate/storage-file/node'
import { runCommand } from '../src/node/command-line.js'
import { bytesOf, metaAt } from './places.js'

/** Limits that make a journal of many segments out of few bytes. */
export const limits = { segmentBytes: 1_024, reserveSegments: 1 }

/** Ten records in five segments or more, an identity, and a release of what is below record 3 with its snapshot. */
export async function makePlace(directory: string): Promise<void> {
  const storage = await fileStorage({ directory, ...limits }).open()
  await storage.replay(() => {})
  await storage.saveIdentity(bytesOf('who I am'))
  const recordAt = (at: number) => bytesOf(JSON.stringify({ kind: 'entry', index: at, data: 'x'.repeat(300) }))
  for (let at = 1; at <= 3; at += 1) {
    await storage.append({ firstSequence: sequence(at), records: [recordAt(at)], release: null })
  }
  const sink = await storage.createSnapshot(metaAt(2))
  await sink.write(bytesOf('an image'))
  await sink.commit()
  const release = { sequence: sequence(3), snapshot: position(2) }
  await storage.append({ firstSequence: sequence(4), records: [recordAt(4)], release })
  for (let at = 5; at <= 10; at += 1) {
    await storage.append({ firstSequence: sequence(at), records: [recordAt(at)], release: null })
  }
  await storage.close()
}

/** Runs the command with nobody there to be asked. */
export async function quorateStorage(...args: string[]): Promise<{ code: number; said: string; complained: string }> {
  const [said, complained]: [string[], string[]] = [[], []]
  const code = await runCommand(args, {
    log: (line) => said.push(line),
    error: (line) => complained.push(line),
    ask: null,
  })
  return { code, said: said.join('\n'), complained: complained.join('\n') }
}

/** Names of the journal's files, oldest first. */
export async function segmentsIn(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => name.startsWith('journal')).sort()
}

/** Changes one bit of a file. */
export async function damage(path: string, at: number): Promise<void> {
  const bytes = await readFile(path)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  await writeFile(path, bytes)
}

/** All files with their bytes. */
export async function contentsOf(directory: string): Promise<Map<string, string>> {
  const names = (await readdir(directory)).sort()
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name), 'latin1')] as const)),
  )
}
