import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { splitAddress } from '@quorate/contracts'
import { add, agreement, eventually, leaderOf, startAll, type Member, type TransportName } from './cluster.js'

/** What a crowd of connections that say nothing did to a cluster. */
export interface CrowdReport {
  readonly idle: number
  /** Of those, the ones that were ended at once, to make room for others. */
  readonly endedByLimit: number
  /** Of those, the ones that were ended in the end. */
  readonly ended: number
  readonly writes: number
  /** How often another leader took over meanwhile: never, if no heartbeat was late. */
  readonly elections: number
}

/** Connects `idle` times to the leader of five, says nothing, and lets the cluster write meanwhile. */
export async function crowd(name: TransportName, idle: number, writes: number): Promise<CrowdReport> {
  const members = await startAll(name)
  const sockets: Socket[] = []
  const ended = (): number => sockets.filter(({ destroyed }) => destroyed).length
  try {
    await add(members[0])
    const leader = await leaderOf(members)
    const epoch = await epochOf(members)
    const { address } = (await members[0]?.status())?.members.find(({ id }) => id === leader) ?? { address: '' }
    while (sockets.length < idle) {
      const socket = connect(splitAddress(address)).on('error', () => {})
      socket.resume()
      sockets.push(socket)
      await once(socket, 'connect')
    }
    const endedByLimit = ended()
    for (let count = 0; count < writes; count += 1) await add(members[count % members.length])
    await eventually(async () => ended() === idle || null)
    await agreement(members, writes + 1)
    return { idle, endedByLimit, ended: ended(), writes, elections: (await epochOf(members)) - epoch }
  } finally {
    for (const socket of sockets) socket.destroy()
    for (const member of members) await member.close()
  }
}

async function epochOf(members: readonly Member[]): Promise<number> {
  const all = await Promise.all(members.map((member) => member.status()))
  return Math.max(...all.map(({ leadership }) => leadership.epoch))
}
