import { ByteReader, BytesError, ByteWriter, compareIds } from '@quorate/contracts'

/**
 * Version numbers by name: of the machine (`machine`), and of each format that members read of each other. What is not
 * named has version 1. In the order of the names, so that equal lists are equal bytes.
 */
export type Versions = ReadonlyMap<string, number>

/** The name of the machine's version among the others. */
export const machineVersionName = 'machine'

/** What everything begins with, before anything was activated (decision D26). */
export const firstVersion = 1

const namesMax = 64
const nameLengthMax = 32
const namePattern = /^[a-z][A-Za-z.]*$/

/** A list in the order of its names. */
export function sortedVersions(entries: Iterable<readonly [string, number]>): Versions {
  return new Map([...entries].sort(([left], [right]) => compareIds(left, right)))
}

/** The version of a name; the first one where nothing is said. */
export function versionIn(versions: Versions, name: string): number {
  return versions.get(name) ?? firstVersion
}

/** The first version that this member cannot be part of, in words: `version 2 of the machine is active, …`. Null: none. */
export function versionBeyond(supported: Versions, active: Versions): string | null {
  for (const [name, version] of active) {
    const known = versionIn(supported, name)
    if (version > known) return `${describeVersion(name, version)} is active, and this member knows it up to ${known}`
  }
  return null
}

/** A list for people and programs: an object by name. */
export function describeVersions(versions: Versions): Readonly<Record<string, number>>
export function describeVersions(versions: Versions | null): Readonly<Record<string, number>> | null
export function describeVersions(versions: Versions | null): Readonly<Record<string, number>> | null {
  return versions && Object.fromEntries(versions)
}

/** A version in words. */
export function describeVersion(name: string, version: number): string {
  return name === machineVersionName
    ? `version ${version} of the machine`
    : `version ${version} of the format "${name}"`
}

/** Appends a list. */
export function writeVersions(writer: ByteWriter, versions: Versions): void {
  writer.u8(versions.size)
  for (const [name, version] of versions) writer.ascii(name).u32(version)
}

/** Reads what {@link writeVersions} wrote. Throws {@link BytesError} for anything else. */
export function readVersions(reader: ByteReader): Versions {
  const count = reader.u8()
  if (count > namesMax) throw new BytesError(`${count} versions are above ${namesMax}`)
  const versions = new Map<string, number>()
  let previous = ''
  for (let left = count; left > 0; left -= 1) {
    const [name, version] = [reader.ascii(), reader.u32()]
    if (name.length > nameLengthMax || !namePattern.test(name)) throw new BytesError(`"${name}" names no version`)
    if (name <= previous) throw new BytesError('versions are not in the order of their names')
    if (version < firstVersion) throw new BytesError(`${version} is no version`)
    versions.set(name, version)
    previous = name
  }
  return versions
}

/** The command of an `activate` envelope: what is to be active. */
export function encodeVersions(versions: Versions): Uint8Array {
  const writer = new ByteWriter()
  writeVersions(writer, versions)
  return writer.finish()
}

/** Inverse of {@link encodeVersions}. Throws {@link BytesError}. */
export function decodeVersions(bytes: Uint8Array): Versions {
  const reader = new ByteReader(bytes)
  const versions = readVersions(reader)
  reader.end()
  return versions
}
