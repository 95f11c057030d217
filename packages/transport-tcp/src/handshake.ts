import { challengeBytes, commonVersion, type WireVersions } from '@quorate/contracts'
import { speaksTls } from '@quorate/contracts/node'
import { otherTransport } from './foreign.js'
import { Gathering } from './gathering.js'

/** The versions of this wire format that are spoken. A connection speaks the newest that both sides know. */
export const wireVersions: WireVersions = { oldest: 1, newest: 1 }

/** The largest hello, in bytes. */
export const helloBytesMax = 64 * 1024

/** `QRTM`: the first bytes of every connection, both ways. */
const magic = [0x51, 0x52, 0x54, 0x4d] as const
const headerBytes = magic.length + 6
const kindOfHello = 1
const kindOfRefusal = 2
const kindOfChallenge = 3

/** The other side is not a member, or speaks no version that this one does. The message says which. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError'
}

/** The other side speaks HTTP: it is a member with the other transport, or no member at all. */
export class ForeignError extends HandshakeError {}

/**
 * A challenge or a hello, the version that is spoken from now on, and which of them were offered: by whoever answers,
 * exactly one.
 */
export interface Said {
  readonly kind: 'challenge' | 'hello'
  readonly body: Uint8Array
  readonly version: number
  readonly offered: WireVersions
}

/** What the other side says before its frames: first a challenge, then a hello that answers ours; or a refusal at any time. */
export type Greeting = Said | { readonly kind: 'refusal'; readonly reason: string }

/**
 * What the other side's hello has to answer, and the versions that are spoken: those of the dialler, or the one that the
 * answer to it has chosen. The layout never changes.
 */
export function encodeChallenge(challenge: Uint8Array, versions: WireVersions = wireVersions): Uint8Array {
  return encodeGreeting(kindOfChallenge, challenge, versions)
}

/** What the driver has to say about itself on this connection. The layout never changes. */
export function encodeHello(hello: Uint8Array, versions: WireVersions = wireVersions): Uint8Array {
  return encodeGreeting(kindOfHello, hello, versions)
}

/** As a hello, with a reason in UTF-8 instead: so that every version can be refused by name. */
export function encodeRefusal(reason: string): Uint8Array {
  return encodeGreeting(kindOfRefusal, Buffer.from(reason).subarray(0, helloBytesMax), wireVersions)
}

function encodeGreeting(kind: number, body: Uint8Array, { oldest, newest }: WireVersions): Uint8Array {
  if (body.length > helloBytesMax) throw new TypeError(`a hello of ${body.length} bytes is above ${helloBytesMax}`)
  const bytes = Buffer.alloc(headerBytes + body.length)
  bytes.set(magic)
  bytes.writeUInt8(newest, 4)
  bytes.writeUInt8(kind, 5)
  bytes.writeUIntLE(body.length, 6, 3)
  bytes.writeUInt8(newest - oldest, 9)
  bytes.set(body, headerBytes)
  return bytes
}

/** Reads one greeting. Refuses what cannot become the one that is due, or a refusal, as soon as that can be seen. */
export class GreetingReader {
  readonly #due: Said['kind']
  readonly #header = new Gathering(headerBytes)
  #body: Gathering | undefined
  #build: (body: Uint8Array) => Greeting = refusalOf

  constructor(due: Said['kind']) {
    this.#due = due
  }

  /**
   * Takes bytes as they arrive. Returns null until the greeting is there, then also how many bytes of this chunk it
   * ended with. Throws {@link HandshakeError}.
   */
  read(chunk: Uint8Array): { readonly greeting: Greeting; readonly used: number } | null {
    let at = 0
    if (!this.#body) {
      at = this.#header.take(chunk, 0)
      checkBeginning(this.#header.bytes)
      if (!this.#header.isComplete) return null
      this.#body = this.#openBody()
    }
    at += this.#body.take(chunk, at)
    if (!this.#body.isComplete) return null
    return { greeting: this.#build(this.#body.bytes), used: at }
  }

  #openBody(): Gathering {
    const header = Buffer.from(this.#header.bytes)
    const newest = header.readUInt8(4)
    const kind = header.readUInt8(5)
    const length = header.readUIntLE(6, 3)
    if (kind === kindOfRefusal) return gatheringOf(length)
    if (kind !== (this.#due === 'hello' ? kindOfHello : kindOfChallenge)) {
      throw new HandshakeError(`a greeting of kind ${kind} is not known here: a ${this.#due} is due`)
    }
    this.#build = saidBy(this.#due, { oldest: newest - header.readUInt8(9), newest })
    if (this.#due === 'challenge' && length !== challengeBytes) {
      throw new HandshakeError(`a challenge of ${length} bytes is none: it has ${challengeBytes}`)
    }
    return gatheringOf(length)
  }
}

function gatheringOf(length: number): Gathering {
  if (length > helloBytesMax) throw new HandshakeError(`a hello of ${length} bytes is above ${helloBytesMax}`)
  return new Gathering(length)
}

function refusalOf(body: Uint8Array): Greeting {
  return { kind: 'refusal', reason: Buffer.from(body).toString('utf8') }
}

/** Whoever speaks no version of ours is refused before more of it is read. */
function saidBy(kind: Said['kind'], offered: WireVersions): (body: Uint8Array) => Greeting {
  const { oldest, newest } = offered
  if (oldest < 0) throw new HandshakeError(`the other side speaks ${newest - oldest} versions before ${newest}`)
  const chosen = commonVersion(wireVersions, offered)
  if ('refuse' in chosen) throw new HandshakeError(chosen.refuse)
  return (body) => ({ kind, body, version: chosen.version, offered })
}

function checkBeginning(bytes: Uint8Array): void {
  if (magic.every((byte, at) => at >= bytes.length || bytes[at] === byte)) return
  const beginning = Buffer.from(bytes).toString('latin1')
  const other = otherTransport(beginning)
  if (other === 'http') {
    throw new ForeignError(
      'WRONG_TRANSPORT: the other side speaks HTTP, and this member TCP: give all members of a cluster the same transport',
    )
  }
  if (other === 'tls') {
    throw new HandshakeError(speaksTls)
  }
  if (other === 'unknown') {
    throw new HandshakeError(`the other side is no member of a cluster: it began with ${JSON.stringify(beginning)}`)
  }
}
