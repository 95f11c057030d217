import { Gathering } from './gathering.js'

/** The newest version of this wire format, and the one that is spoken. */
export const wireVersion = 1

/** The largest hello, in bytes. */
export const helloBytesMax = 64 * 1024

/** `QRTM`: the first bytes of every connection, both ways. */
const magic = [0x51, 0x52, 0x54, 0x4d] as const
const headerBytes = magic.length + 6
const kindOfHello = 1
const kindOfRefusal = 2

/** The other side is not a member, or speaks a version that this one does not. The message says which. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError'
}

/** What the other side says first. */
export type Greeting =
  { readonly kind: 'hello'; readonly hello: Uint8Array } | { readonly kind: 'refusal'; readonly reason: string }

/** Magic, version, kind, length (little-endian), and what the driver has to say about itself. */
export function encodeHello(hello: Uint8Array): Uint8Array {
  return encodeGreeting(kindOfHello, hello)
}

/** As a hello, with a reason in UTF-8 instead. This layout never changes, so that every version can be refused by name. */
export function encodeRefusal(reason: string): Uint8Array {
  return encodeGreeting(kindOfRefusal, Buffer.from(reason).subarray(0, helloBytesMax))
}

function encodeGreeting(kind: number, body: Uint8Array): Uint8Array {
  if (body.length > helloBytesMax) throw new TypeError(`a hello of ${body.length} bytes is above ${helloBytesMax}`)
  const bytes = Buffer.alloc(headerBytes + body.length)
  bytes.set(magic)
  bytes.writeUInt8(wireVersion, 4)
  bytes.writeUInt8(kind, 5)
  bytes.writeUInt32LE(body.length, 6)
  bytes.set(body, headerBytes)
  return bytes
}

/** Reads what the other side says first. Refuses what cannot become a greeting as soon as that can be seen. */
export class GreetingReader {
  readonly #header = new Gathering(headerBytes)
  #body: Gathering | undefined
  #kind = 0

  /**
   * Takes bytes as they arrive. Returns null until the greeting is there, then also how many bytes of this chunk it
   * ended with. Throws {@link HandshakeError}.
   */
  read(chunk: Uint8Array): { readonly greeting: Greeting; readonly used: number } | null {
    let at = 0
    if (!this.#body) {
      at = this.#header.take(chunk, 0)
      checkMagic(this.#header.bytes)
      if (!this.#header.isComplete) return null
      this.#body = this.#openBody()
    }
    at += this.#body.take(chunk, at)
    if (!this.#body.isComplete) return null
    const bytes = this.#body.bytes
    if (this.#kind === kindOfHello) return { greeting: { kind: 'hello', hello: bytes }, used: at }
    return { greeting: { kind: 'refusal', reason: Buffer.from(bytes).toString('utf8') }, used: at }
  }

  #openBody(): Gathering {
    const header = Buffer.from(this.#header.bytes)
    const version = header.readUInt8(4)
    this.#kind = header.readUInt8(5)
    const length = header.readUInt32LE(6)
    if (version > wireVersion && this.#kind !== kindOfRefusal) {
      const versions = `wire format ${version}, and this member reads up to ${wireVersion}`
      throw new HandshakeError(`FORMAT_TOO_NEW: the other side speaks ${versions}: upgrade this member`)
    }
    if (this.#kind !== kindOfHello && this.#kind !== kindOfRefusal) {
      throw new HandshakeError(`a greeting of kind ${this.#kind} is not known`)
    }
    if (length > helloBytesMax) throw new HandshakeError(`a hello of ${length} bytes is above ${helloBytesMax}`)
    return new Gathering(length)
  }
}

function checkMagic(bytes: Uint8Array): void {
  for (let at = 0; at < magic.length && at < bytes.length; at += 1) {
    if (bytes[at] === magic[at]) continue
    const beginning = JSON.stringify(Buffer.from(bytes).toString('latin1'))
    throw new HandshakeError(`the other side is no member of a cluster: it began with ${beginning}`)
  }
}
