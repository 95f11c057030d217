import {
  clusterTime,
  concatBytes,
  position,
  seededRandom,
  type ApplyContext,
  type StateMachine,
} from '@quorate/contracts'
import { kv } from '../src/index.js'

type Input<Of extends { encode(input: never): Uint8Array }> = Parameters<Of['encode']>[0]

const context: ApplyContext = { position: position(1), clusterTime: clusterTime(0), wallMs: 0, random: seededRandom(1) }

/** One life of the machine, spoken to as by a client: every input and result crosses as bytes. */
export class Life {
  readonly machine: StateMachine = kv.create()

  put(input: Input<typeof kv.commands.put>): ReturnType<typeof kv.commands.put.decodeResult> {
    return kv.commands.put.decodeResult(this.machine.apply(kv.commands.put.encode(input), context))
  }

  delete(input: Input<typeof kv.commands.delete>): ReturnType<typeof kv.commands.delete.decodeResult> {
    return kv.commands.delete.decodeResult(this.machine.apply(kv.commands.delete.encode(input), context))
  }

  get(key: string): ReturnType<typeof kv.queries.get.decodeResult> {
    return kv.queries.get.decodeResult(this.machine.query(kv.queries.get.encode({ key })))
  }

  range(input: Input<typeof kv.queries.range> = {}): ReturnType<typeof kv.queries.range.decodeResult> {
    return kv.queries.range.decodeResult(this.machine.query(kv.queries.range.encode(input)))
  }

  keys(input: Input<typeof kv.queries.keys> = {}): ReturnType<typeof kv.queries.keys.decodeResult> {
    return kv.queries.keys.decodeResult(this.machine.query(kv.queries.keys.encode(input)))
  }

  count(prefix?: string): number {
    return kv.queries.count.decodeResult(this.machine.query(kv.queries.count.encode({ prefix })))
  }

  stats(): ReturnType<typeof kv.queries.stats.decodeResult> {
    return kv.queries.stats.decodeResult(this.machine.query(kv.queries.stats.encode()))
  }
}

/** A whole image. */
export async function bytesOf(image: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of image) chunks.push(chunk)
  return concatBytes(chunks)
}

/** An image in chunks of some size. */
export async function* inChunks(bytes: Uint8Array, size = 1_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
