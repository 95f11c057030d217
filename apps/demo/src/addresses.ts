import { createServer } from 'node:net'
import { DemoError } from './demo-error.js'
import type { Place } from './cluster.js'

const host = '127.0.0.1'
/** Clients' ports begin this far above the peers'. */
export const clientPortsAbove = 100
const firstPorts = [7000, 17_000, 27_000, 37_000, 47_000]

/** Addresses of `count` members: peers on the ports after `port`, clients 100 above. */
export function addressesFrom(port: number, count: number): Place['members'] {
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => {
      const peer = port + 1 + at
      return [`n${at + 1}`, { address: `${host}:${peer}`, clientAddress: `${host}:${peer + clientPortsAbove}` }]
    }),
  )
}

/** Addresses from the first range of ports that is free; any of them will do. */
export async function freeAddresses(count: number): Promise<Place['members']> {
  for (const port of firstPorts) {
    const members = addressesFrom(port, count)
    if ((await takenAddress(members)) === null) return members
  }
  throw new DemoError(`no free ports were found (tried from ${firstPorts.join(', ')}): choose one with --port`)
}

/** Refuses addresses that another process listens on. */
export async function checkFree(members: Place['members']): Promise<void> {
  const taken = await takenAddress(members)
  if (taken === null) return
  throw new DemoError(`${taken} is in use by another process: stop it, or choose other ports with --port`)
}

async function takenAddress(members: Place['members']): Promise<string | null> {
  for (const { address, clientAddress } of Object.values(members)) {
    for (const each of [address, clientAddress]) if (!(await isFree(each))) return each
  }
  return null
}

function isFree(address: string): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(Number(address.slice(address.lastIndexOf(':') + 1)), host, () => {
      server.close(() => resolve(true))
    })
  })
}
