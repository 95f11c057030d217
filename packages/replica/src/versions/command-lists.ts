import { sha256 } from '@noble/hashes/sha2.js'
import {
  BytesError,
  compareIds,
  hexOfBytes,
  type ByteReader,
  type ByteWriter,
  type MachineModule,
  type Operations,
} from '@quorate/contracts'

const digestLength = 16
const listsMax = 1_024

/** The commands that a machine has at one version: a digest of their names. */
export interface CommandList {
  /** The version that brought the last of them. */
  readonly since: number
  readonly digest: string
}

/** The machine that a member runs, as it tells its peers. */
export interface AnnouncedMachine {
  readonly name: string
  readonly codec: string
  readonly version: number
  /** In the order of their versions, of each version that brought commands. */
  readonly commands: readonly CommandList[]
}

/** What a member says of its machine. */
export function announcedMachine({ name, codec, version, commands }: MachineModule): AnnouncedMachine {
  return { name, codec, version, commands: commandLists(commands) }
}

/**
 * Why two members cannot be of one cluster: another machine, or another list of commands in a version that both know. Where
 * that went on, one would apply what the other refuses. Null: they can.
 */
export function differenceOf(
  ours: AnnouncedMachine,
  theirs: AnnouncedMachine,
  who: { readonly us: string; readonly them: string },
): string | null {
  const { us, them } = who
  if (ours.name !== theirs.name || ours.codec !== theirs.codec) {
    return `WRONG_MACHINE: ${them} runs the machine "${theirs.name}" in ${theirs.codec}, and ${us} runs "${ours.name}" in ${ours.codec}`
  }
  const version = Math.min(ours.version, theirs.version)
  if (digestAt(ours, version) === digestAt(theirs, version)) return null
  return (
    `WRONG_MACHINE: version ${version} of the machine "${ours.name}" has other commands at ${them} than at ${us}. ` +
    'Commands stay for ever; a new one raises the version of the machine and says `since`'
  )
}

/** Appends what a member says of its machine. */
export function writeAnnouncedMachine(writer: ByteWriter, machine: AnnouncedMachine): void {
  writer.ascii(machine.name).ascii(machine.codec).u32(machine.version).u32(machine.commands.length)
  for (const { since, digest } of machine.commands) writer.u32(since).ascii(digest)
}

/** Reads what {@link writeAnnouncedMachine} wrote. Throws {@link BytesError} for anything else. */
export function readAnnouncedMachine(reader: ByteReader): AnnouncedMachine {
  const [name, codec, version] = [reader.ascii(), reader.ascii(), reader.u32()]
  const count = reader.count(8 + digestLength)
  if (count > listsMax) throw new BytesError(`${count} lists of commands are above ${listsMax}`)
  const commands = Array.from({ length: count }, () => ({ since: reader.u32(), digest: reader.ascii() }))
  return { name, codec, version, commands }
}

function commandLists(commands: Operations): readonly CommandList[] {
  const sinceOf = (name: string): number => commands[name]?.since ?? 1
  const names = Object.keys(commands).sort(compareIds)
  const versions = [...new Set(names.map(sinceOf))].sort((left, right) => left - right)
  // Of very many versions only the newest are told: members are never that far apart.
  return versions.slice(-listsMax).map((since) => ({
    since,
    digest: digestOfNames(names.filter((name) => sinceOf(name) <= since)),
  }))
}

function digestOfNames(names: readonly string[]): string {
  const text = Uint8Array.from(names.join('\n'), (letter) => letter.charCodeAt(0))
  return hexOfBytes(sha256(text)).slice(0, digestLength)
}

function digestAt({ commands }: AnnouncedMachine, version: number): string | null {
  return commands.findLast(({ since }) => since <= version)?.digest ?? null
}
