import { expect, test } from 'vitest'
import {
  breakOff,
  clientOf,
  clusterId,
  fakeMember,
  hang,
  inTurn,
  openSession,
  plainClientOf,
  refuse,
  succeed,
  type Act,
} from './fake-members.js'

const otherId = 'f'.repeat(32)
const wrongCluster = refuse('WRONG_CLUSTER')

/** What a member answers, from a cluster. */
function from(id: string, act: Act): Act {
  return (request, response, at) => {
    response.setHeader('quorate-cluster', id)
    act(request, response, at)
  }
}

test('a client goes on in no other cluster: where all its addresses belong to one, nothing is done', async () => {
  let isReplaced = false
  const act: Act = (...asked) => (isReplaced ? wrongCluster : from(clusterId, succeed(1)))(...asked)
  const members = await Promise.all([0, 1].map(() => fakeMember(act, inTurn(openSession, wrongCluster))))
  const addresses = members.map(({ address }) => address)
  const [client, plain] = [clientOf(addresses), plainClientOf(addresses)]
  expect([await client.commands.add({ by: 1 }), await plain.commands.add({ by: 1 })]).toEqual([1, 1])
  isReplaced = true
  const said = { code: 'WRONG_CLUSTER', outcome: 'notDone' }
  await expect(client.commands.add({ by: 1 })).rejects.toMatchObject(said)
  await expect(client.queries.value()).rejects.toMatchObject(said)
  await expect(client.queries.value({ consistency: 'local' })).rejects.toMatchObject(said)
  await expect(plain.commands.add({ by: 1 })).rejects.toMatchObject(said)
})

test('what was in doubt before stays in doubt when only another cluster is left to ask', async () => {
  const member = await fakeMember(inTurn(breakOff, wrongCluster))
  const client = clientOf([member.address])
  await expect(client.commands.add({ by: 1 })).rejects.toMatchObject({ code: 'WRONG_CLUSTER', outcome: 'unknown' })
  await expect(client.commands.add({ by: 1 })).rejects.toMatchObject({ code: 'WRONG_CLUSTER', outcome: 'notDone' })
})

test('a client that needs another session opens none in another cluster', async () => {
  const member = await fakeMember(refuse('SESSION_EXPIRED'), inTurn(openSession, wrongCluster))
  const client = clientOf([member.address])
  await expect(client.commands.add({ by: 1 })).rejects.toMatchObject({ code: 'WRONG_CLUSTER', outcome: 'notDone' })
})

test('a member of its own cluster is found among those of another', async () => {
  const stranger = await fakeMember(inTurn(from(clusterId, succeed(1)), wrongCluster))
  const member = await fakeMember(from(clusterId, succeed(2)))
  const client = clientOf([stranger.address, member.address])
  const values = [await client.queries.value(), await client.queries.value(), await client.commands.add({ by: 1 })]
  expect(values).toEqual([1, 2, 2])
})

test('requests say which cluster they are for from the first answer on; a place in a session says so itself', async () => {
  const member = await fakeMember(from(clusterId, succeed(1)))
  const client = clientOf([member.address])
  await client.queries.value()
  await client.queries.value()
  await client.commands.add({ by: 1 })
  const plain = plainClientOf([member.address])
  await plain.commands.add({ by: 1 })
  await plain.commands.add({ by: 1 })
  const pinned = [...member.asked, ...member.openings].map((request) => request.includes(`&cluster=${clusterId}`))
  expect(pinned).toEqual([false, true, false, false, true, true])
})

test('an answer of another cluster is not believed: a query goes to the next address, a command without a session is in doubt', async () => {
  const stranger = await fakeMember(inTurn(from(clusterId, succeed(1)), from(otherId, succeed(7))))
  const member = await fakeMember(from(clusterId, succeed(2)))
  const client = clientOf([stranger.address, member.address])
  expect([await client.queries.value(), await client.queries.value()]).toEqual([1, 2])
  const other = await fakeMember(inTurn(from(clusterId, succeed(1)), from(otherId, succeed(7))))
  const plain = plainClientOf([other.address])
  expect(await plain.commands.add({ by: 1 })).toBe(1)
  await expect(plain.commands.add({ by: 1 })).rejects.toMatchObject({ code: 'WRONG_CLUSTER', outcome: 'unknown' })
})

test('close ends each session in the cluster, once', async () => {
  const member = await fakeMember(succeed(1))
  const client = clientOf([member.address])
  await client.commands.add({ by: 1 })
  await Promise.all([client.close(), client.close()])
  const ended = member.openings.filter((request) => request.startsWith('DELETE'))
  expect(ended).toEqual([expect.stringContaining('/v1/sessions?session=s11&')])
  await expect(client.commands.add({ by: 1 })).rejects.toMatchObject({ code: 'STOPPED', outcome: 'notDone' })
})

test('close ends though nobody answers that the session has ended', async () => {
  const member = await fakeMember(succeed(1), inTurn(openSession, hang))
  const client = clientOf([member.address], { closeTimeoutMs: 30 })
  await client.commands.add({ by: 1 })
  await client.close()
  expect(member.openings.at(-1)).toMatch(/^DELETE/)
})

test('a client that opened no session ends without asking anybody', async () => {
  const member = await fakeMember(hang)
  await clientOf([member.address]).close()
  expect(member.openings).toEqual([])
})
