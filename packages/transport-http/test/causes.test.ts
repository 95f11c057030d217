/** Why a link is down, as a member's status and log say it: with real sockets on both sides. */
import { request } from 'node:http'
import { nodeId } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { expect, test } from 'vitest'
import { disagreements } from '../../../tools/certificates/disagreements.js'
import { countingRedials, often, unreachable } from '../../../tools/unreachable.js'
import { at, introduce, member, until } from './members.js'

test.each(disagreements)('$what: both say why, and the dialler once', async ({ dials, listens, says, isTold }) => {
  const b = await member('b', { tls: listens })
  const a = await member('a', { ...often, tls: dials })
  introduce(a, at(b))
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

test('a token that is another one is told as such, and once', async () => {
  let asked = 0
  const b = await member('b', { token: 'sixteen-letters-of-b' })
  const a = await member('a', {
    ...often,
    token: 'sixteen-letters-of-a',
    request: (url, options) => {
      asked += 1
      return request(url, options)
    },
  })
  introduce(a, at(b))
  await until(() => asked >= 5)
  expect(a.links).toEqual([`b down: ${b.running.address} refused: its token is another one (401)`])
})
