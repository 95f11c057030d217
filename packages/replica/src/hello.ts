import { ByteReader, BytesError, ByteWriter, nodeId, type NodeId } from '@quorate/contracts'
import { readAnnouncedMachine, writeAnnouncedMachine, type AnnouncedMachine } from './versions/command-lists.js'
import { readVersions, writeVersions, type Versions } from './versions/version-list.js'

/** The newest hello that this code writes and reads. */
export const helloFormat = 1

/** The frames between drivers that this code speaks, from the oldest to the newest. */
export const frameVersions = { oldest: 1, newest: 1 } as const

/** What a member says of itself, the same on every connection of one life. */
export interface Introduction {
  readonly clusterId: string
  readonly self: NodeId
  readonly incarnation: string
  readonly starts: number
  /** Random, one per life of the process. */
  readonly run: string
  /** The last record of its journal that this start has found; 0: none. No later start of a directory finds fewer. */
  readonly recovered: number
  readonly protocol: string
  readonly versions: { readonly oldest: number; readonly newest: number }
  /** Where clients reach this member in this life; empty if it did not say. */
  readonly clientAddress: string
  readonly machine: AnnouncedMachine
  /** The newest version of everything that this member can be part of (decision D26). */
  readonly supports: Versions
}

/** What a member says first on a connection: to whom, and in answer to what the other side has drawn for that connection. */
export interface Hello extends Introduction {
  readonly challenge: Uint8Array
  readonly to: NodeId
}

/** Longer or stranger text is in no hello: what is learned of a member is kept, and shown in the log. */
const shortText = /^[\x21-\x7e]{0,64}$/
const addressText = /^[\x21-\x7e]{0,300}$/

function readText(reader: ByteReader, pattern = shortText): string {
  const text = reader.ascii()
  if (!pattern.test(text)) throw new BytesError('a text in it is too long, or no plain text')
  return text
}

/** Writes a hello. */
export function encodeHello(hello: Hello): Uint8Array {
  const writer = new ByteWriter(512)
    .u8(helloFormat)
    .bytes(hello.challenge)
    .ascii(hello.to)
    .ascii(hello.clusterId)
    .ascii(hello.self)
    .ascii(hello.incarnation)
    .u53(hello.starts)
    .ascii(hello.run)
    .u53(hello.recovered)
    .ascii(hello.protocol)
    .u32(hello.versions.oldest)
    .u32(hello.versions.newest)
    .ascii(hello.clientAddress)
  writeAnnouncedMachine(writer, hello.machine)
  writeVersions(writer, hello.supports)
  return writer.finish()
}

/** Reads a hello, or says why it cannot. */
export function decodeHello(bytes: Uint8Array): Hello | { readonly refuse: string } {
  try {
    const reader = new ByteReader(bytes)
    const format = reader.u8()
    if (format !== helloFormat)
      return { refuse: `FORMAT_TOO_NEW: hello format ${format}, and ${helloFormat} is known here` }
    const hello = {
      challenge: reader.bytes(),
      to: nodeId(reader.ascii()),
      clusterId: readText(reader),
      self: nodeId(reader.ascii()),
      incarnation: readText(reader),
      starts: reader.u53(),
      run: readText(reader),
      recovered: reader.u53(),
      protocol: readText(reader),
      versions: { oldest: reader.u32(), newest: reader.u32() },
      clientAddress: readText(reader, addressText),
      machine: readAnnouncedMachine(reader),
      supports: readVersions(reader),
    }
    reader.end()
    return hello
  } catch (error) {
    if (error instanceof BytesError || error instanceof TypeError)
      return { refuse: `the hello cannot be read: ${error.message}` }
    throw error
  }
}
