import type { Readable } from 'node:stream'

const firstBytes = 16 * 1024

/** Why a body did not come to its end. */
export class GatheringError extends Error {
  override readonly name = 'GatheringError'
  readonly why: 'too long' | 'broken off'

  constructor(why: GatheringError['why'], message: string) {
    super(message)
    this.why = why
  }
}

/**
 * Everything that a stream brings, at most `bytesMax`. Memory grows with what has arrived, never with what was
 * announced, and every byte is copied a bounded number of times however small the pieces are. Rejects with
 * {@link GatheringError}.
 */
export function gather(stream: Readable, bytesMax: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const brokenOff = (why: string): void => reject(new GatheringError('broken off', why))
    // A stream that has been closed already says nothing any more.
    if (stream.destroyed) return brokenOff('a body was broken off')
    let bytes = new Uint8Array(Math.min(bytesMax, firstBytes))
    let filled = 0
    stream.on('data', (chunk: Buffer) => {
      const wanted = filled + chunk.length
      if (wanted > bytesMax) {
        stream.pause()
        return reject(new GatheringError('too long', `a body is above ${bytesMax} bytes`))
      }
      if (wanted > bytes.length) {
        const grown = new Uint8Array(Math.min(bytesMax, Math.max(wanted, bytes.length * 2)))
        grown.set(bytes.subarray(0, filled))
        bytes = grown
      }
      bytes.set(chunk, filled)
      filled = wanted
    })
    stream.once('end', () => resolve(bytes.subarray(0, filled)))
    stream.once('error', (error: Error) => brokenOff(error.message))
    stream.once('close', () => brokenOff('a body was broken off'))
  })
}
