import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { HistoryReader, type ReadHistory, type ReadingOptions } from '../index.js'

/** The histories of a file, one after the other, without holding more than one of them. Throws a `HistoryFormatError`. */
export async function* readHistories(path: string, options: ReadingOptions = {}): AsyncGenerator<ReadHistory> {
  const reader = new HistoryReader(options)
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const history = reader.onLine(line)
    if (history !== null) yield history
  }
  const last = reader.onEnd()
  if (last !== null) yield last
}
