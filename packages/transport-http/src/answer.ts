import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { challengeBytes } from '@quorate/contracts'
import { challengeOf } from './challenges.js'
import { gather } from './gathering.js'
import { headerNames, helloBytesMax, wireVersions } from './wire.js'

const lengthBytes = 4
const reasonBytesMax = 4 * 1024

/** The answer to a request for a link: the peer's hello after its length, and then bytes that only say that it lives. */
export class Answer {
  /** What the other side calls this link. */
  readonly link: string
  /** What is wrong with it, if anything is. */
  problem: string | null
  readonly #onHello: (hello: Uint8Array) => void
  #gathered: Buffer | null = Buffer.alloc(0)

  constructor(headers: IncomingHttpHeaders, onHello: (hello: Uint8Array) => void) {
    const link = headers[headerNames.link]
    const version = Number(headers[headerNames.version])
    this.link = typeof link === 'string' ? link : ''
    this.#onHello = onHello
    this.problem = null
    if (!/^[0-9a-f]{32}$/.test(this.link)) this.problem = 'is no member of a cluster: its answer names no link'
    else if (!(version >= wireVersions.oldest && version <= wireVersions.newest)) {
      this.problem = `chose wire format ${headers[headerNames.version]?.toString() ?? 'none'}, which was not offered`
    }
  }

  /** Takes bytes as they arrive. */
  read(chunk: Buffer): void {
    if (this.#gathered === null || this.problem !== null) return
    this.#gathered = Buffer.concat([this.#gathered, chunk])
    if (this.#gathered.length < lengthBytes) return
    const length = this.#gathered.readUInt32LE(0)
    if (length > helloBytesMax) {
      this.problem = `sent a hello of ${length} bytes, which is above ${helloBytesMax}`
      return
    }
    if (this.#gathered.length < lengthBytes + length) return
    const hello = new Uint8Array(this.#gathered.subarray(lengthBytes, lengthBytes + length))
    this.#gathered = null
    this.#onHello(hello)
  }
}

/** The challenge in an answer, or null if there is none. */
export async function readChallenge(response: IncomingMessage): Promise<Uint8Array | null> {
  const bytes = await gather(response, 2 * challengeBytes).catch(() => null)
  return bytes && challengeOf(Buffer.from(bytes).toString('latin1'))
}

/** Why a request was refused, as far as the other side says. */
export async function readReason(response: IncomingMessage): Promise<string> {
  const { statusCode = 0 } = response
  if (statusCode === 401) return 'its token is another one (401)'
  const text = await gather(response, reasonBytesMax).then(
    (bytes) => Buffer.from(bytes).toString('utf8'),
    () => '',
  )
  return text === '' ? `it answered ${statusCode}` : text
}
