import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@quorate/client/node'
import { httpGateway } from '@quorate/gateway-http'
import { counter } from '@quorate/machine-counter'
import { raft } from '@quorate/raft'
import { createReplica } from '@quorate/replica/node'
import { memoryStorage } from '@quorate/storage-memory'
import { memoryHub, memoryTransport } from '@quorate/transport-memory'
import { expect, onTestFinished, test } from 'vitest'
import { clusterScript, hasOpenssl } from '../../../tools/certificates/cluster.js'

test.runIf(hasOpenssl())(
  'the script makes certificates with which a client reaches a gateway under its host, and no other',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'quorate-certificates-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    execFileSync(clusterScript, [directory, 'n1=127.0.0.1,gateway.example', 'n2=gateway.example', 'client:web-1'])
    const read = (name: string) => readFileSync(join(directory, name))
    const tlsOf = (id: string) => ({ cert: read(`${id}.pem`), key: read(`${id}.key.pem`), ca: read('authority.pem') })
    const ports = { protocol: raft(), transport: memoryTransport({ hub: memoryHub() }), storage: memoryStorage() }
    const replica = await createReplica({ id: 'n1', members: { n1: 'n1:1' }, machine: counter, ...ports })
    onTestFinished(() => replica.close())
    /** The value that a client with this certificate finds at a gateway with that one. */
    const value = async (shown: string, member: string): Promise<number> => {
      const gateway = await httpGateway({
        ...{ replica, machine: counter, address: '127.0.0.1:0', tls: tlsOf(member) },
        mayBeClient: (certificate) => certificate?.organizationalUnits.includes('client') === true,
      })
      const client = createClient({
        machine: counter,
        addresses: [gateway.address],
        timeoutMs: 2_000,
        tls: tlsOf(shown),
      })
      try {
        return await client.queries.value()
      } finally {
        await client.close()
        await gateway.close()
      }
    }
    expect(await value('web-1', 'n1')).toBe(0)
    await expect(value('web-1', 'n2')).rejects.toThrow(/another's certificate .*127\.0\.0\.1/)
    await expect(value('n2', 'n1')).rejects.toMatchObject({ code: 'FORBIDDEN' })
  },
)

test.runIf(hasOpenssl()).each([
  ['../evil', /is no id of a member/],
  ['authority', /is no id of a member/],
  ['client:web-1=10.0.0.1', /clients have no hosts/],
  ['n1=a b', /are no hosts/],
])('the script refuses %s', (argument, says) => {
  const refused = () => execFileSync(clusterScript, [join(tmpdir(), 'quorate-not-made'), argument], { stdio: 'pipe' })
  expect(refused).toThrow(says)
})
