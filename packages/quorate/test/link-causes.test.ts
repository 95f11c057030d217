/** Why members do not reach each other, as their operators read it in `status()` and in the log. */
import type { Logger, Transport } from '@quorate/contracts'
import { counter, createReplica, httpTransport, memoryStorage, raft, tcpTransport } from 'quorate'
import { expect, onTestFinished, test, vi } from 'vitest'
import { certificate } from '../../../tools/certificates/certificate.js'
import { freeAddress } from './faulty-network/cluster.js'

const often = { reconnectMinMs: 5, reconnectMaxMs: 5 }

test.each<[string, Transport, Transport, RegExp, RegExp]>([
  [
    'TLS on one side only',
    tcpTransport({ ...often, tls: certificate('a') }),
    tcpTransport(often),
    /: the other side does not speak TLS, and it is asked for here: give all members the option tls, or none/,
    / ended the connection before it said who it is, as one does that asks for TLS/,
  ],
  [
    'tokens that differ',
    httpTransport({ ...often, token: 'sixteen-letters-of-a' }),
    httpTransport({ ...often, token: 'sixteen-letters-of-b' }),
    / refused: its token is another one \(401\)/,
    / refused: its token is another one \(401\)/,
  ],
])('%s: the status of either member says why, and its log once', async (_, ofA, ofB, toldA, toldB) => {
  const members = { a: await freeAddress(), b: await freeAddress() }
  const lines: Record<string, string[]> = { a: [], b: [] }
  const start = async (id: 'a' | 'b', transport: Transport) => {
    const say = (_fields: object, message: string): void => void lines[id]?.push(message)
    const logger: Logger = { debug() {}, info: say, warn: say, error: say }
    const storage = memoryStorage()
    const replica = await createReplica({ id, members, transport, logger, storage, machine: counter, protocol: raft() })
    onTestFinished(() => replica.close())
    return replica
  }
  const [a, b] = [await start('a', ofA), await start('b', ofB)]
  const reasonAt = async (replica: typeof a) => (await replica.status()).peers[0]?.reason ?? ''
  await vi.waitUntil(async () => toldA.test(await reasonAt(a)), { timeout: 15_000, interval: 20 })
  await vi.waitUntil(async () => toldB.test(await reasonAt(b)), { timeout: 15_000, interval: 20 })
  const told = (id: 'a' | 'b', cause: RegExp) => lines[id]?.filter((line) => cause.test(line))
  expect(told('a', toldA)).toEqual([expect.stringMatching(/^link to b down: /)])
  expect(told('b', toldB)).toEqual([expect.stringMatching(/^link to a down: /)])
})
