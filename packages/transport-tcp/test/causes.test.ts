/** Why a link is down, as a member's status and log say it: with real sockets on both sides. */
import { nodeId } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { expect, test } from 'vitest'
import { disagreements } from '../../../tools/certificates/disagreements.js'
import { countingRedials, often, unreachable } from '../../../tools/unreachable.js'
import { introduce, member, until } from './members.js'

test.each(disagreements)('$what: both say why, and the dialler once', async ({ dials, listens, says, isTold }) => {
  const b = await member('b', { tls: listens })
  const a = await member('a', { ...often, tls: dials })
  introduce(a, { id: b.id, address: b.running.address })
  await until(() => b.log.filter((line) => line.includes(isTold)).length >= 5)
  await until(() => a.links.length > 0)
  expect(a.links).toEqual([expect.stringContaining(`b down: ${b.running.address}${says}`)])
})

test.each(unreachable)('%s is told as such, and once', async (_, address, says) => {
  const { environment, redials } = countingRedials(nodeEnvironment())
  const a = await member('a', { ...often, environment })
  introduce(a, { id: nodeId('b'), address })
  await until(() => redials() >= 5)
  expect(a.links).toEqual([expect.stringContaining(says)])
})
