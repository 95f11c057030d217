import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { addressesFrom, checkFree, freeAddresses } from './addresses.js'
import type { DemoOptions } from './command-line.js'
import type { Place } from './cluster.js'
import { DemoError } from './demo-error.js'
import { memberConfigSchema } from './member-message.js'

const placeFile = 'demo.json'
const placeSchema = memberConfigSchema.pick({ cluster: true, machine: true, members: true })

/** A directory that is this demo's: with what an earlier run left there, new, or temporary. */
export async function claimPlace(options: DemoOptions): Promise<Place & { readonly dispose: () => void }> {
  const { directory: wanted } = options
  const directory = wanted === null ? mkdtempSync(join(tmpdir(), 'quorate-demo-')) : resolve(wanted)
  const dispose = (): void => {
    if (wanted === null) rmSync(directory, { recursive: true, force: true })
  }
  try {
    const place = existsSync(join(directory, placeFile))
      ? await oldPlace(directory, options)
      : await newPlace(directory, options)
    return { ...place, dispose }
  } catch (error) {
    dispose()
    throw error
  }
}

async function newPlace(directory: string, { members: count, machine, port }: DemoOptions): Promise<Place> {
  mkdirSync(directory, { recursive: true })
  if (readdirSync(directory).length > 0) {
    throw new DemoError(`${directory} holds other files and no earlier demo: choose an empty or a new directory`)
  }
  const members = port === null ? await freeAddresses(count) : addressesFrom(port, count)
  await checkFree(members)
  const place = { cluster: `demo-${randomBytes(4).toString('hex')}`, machine, members }
  writeFileSync(join(directory, placeFile), `${JSON.stringify(place, null, 2)}\n`)
  return { ...place, directory }
}

/** What was founded holds: members and addresses are in the data. */
async function oldPlace(directory: string, options: DemoOptions): Promise<Place> {
  const place = readPlace(directory)
  const given = options.given
  const refuse = (what: string): never => {
    throw new DemoError(`${directory} holds ${what}: leave that option out, or choose another directory`)
  }
  const count = Object.keys(place.members).length
  if (given.machine && place.machine !== options.machine) refuse(`a cluster of the machine "${place.machine}"`)
  if (given.members && count !== options.members) refuse(`a cluster of ${count} members`)
  if (options.port !== null && addressesFrom(options.port, 1)['n1']?.address !== place.members['n1']?.address) {
    refuse(`a cluster whose n1 is at ${place.members['n1']?.address ?? 'no address'}`)
  }
  await checkFree(place.members)
  return { ...place, directory }
}

function readPlace(directory: string): Omit<Place, 'directory'> {
  const path = join(directory, placeFile)
  try {
    return placeSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error)
    throw new DemoError(`${path} cannot be read: ${reason}\nRestore it, or choose another directory`)
  }
}
