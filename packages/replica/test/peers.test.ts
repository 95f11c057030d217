import {
  BytesError,
  nodeId,
  ProtocolFormatError,
  silentLogger,
  sortedMembers,
  type Environment,
  type Input,
  type ProtocolModule,
  type RunningTransport,
  type TransportHost,
} from '@quorate/contracts'
import { solo, virtualTime } from '@quorate/conformance'
import { nodeEnvironment } from '@quorate/contracts/node'
import { counter } from '@quorate/machine-counter'
import { memoryStorage } from '@quorate/storage-memory'
import { expect, test } from 'vitest'
import { Events } from '../src/events.js'
import { frameKind, frameReserveBytes, vouchIn } from '../src/frame.js'
import { decodeHello, encodeHello } from '../src/hello.js'
import { LeaderView } from '../src/leader-view.js'
import { IdentityFile } from '../src/identity-file.js'
import { Peers } from '../src/peers.js'
import { announcedMachine } from '../src/versions/command-lists.js'

/** Messages are single bytes; 0xff is none, and 0xfe meets a bug. */
const byteProtocol: ProtocolModule<number, never> = {
  ...(solo() as unknown as ProtocolModule<number, never>),
  timing: { heartbeatMs: 50, patienceMs: 150 },
  encode(message, reserve) {
    const bytes = new Uint8Array(reserve + 1)
    bytes[reserve] = message
    return bytes
  },
  decode(bytes) {
    if (bytes[0] === 0xfe) throw new TypeError('a bug of the protocol')
    if (bytes.length !== 1 || bytes[0] === 0xff) throw new ProtocolFormatError('no message')
    return bytes[0] ?? 0
  },
}

const machine = announcedMachine(counter)

/** What the transport says that it has drawn. */
const challenge = new Uint8Array(16).fill(7)

const founders = sortedMembers(
  ['n1', 'n2'].map((id) => ({
    id: nodeId(id),
    address: `${id}:1`,
    clientAddress: null,
    incarnation: null,
    role: 'voter' as const,
  })),
)

/** A frame whose sender has records up to `persisted` on its disk. */
function frameOf(kind: number, body: number, persisted = 0): Uint8Array {
  const frame = new Uint8Array(frameReserveBytes + 1)
  vouchIn(frame, persisted)
  frame[0] = kind
  frame[frameReserveBytes] = body
  return frame
}

/** Member n1's side of the network, over a transport that the test plays. */
async function side({
  answer = 'queued',
  environment = nodeEnvironment(),
  starts = 1,
  whenListening = () => {},
  events = new Events(silentLogger),
}: {
  readonly events?: Events
  readonly answer?: 'queued' | 'dropped'
  readonly environment?: Environment
  readonly starts?: number
  readonly whenListening?: () => void
} = {}) {
  const storage = await memoryStorage().open()
  const claim = { clusterId: 'c', self: nodeId('n1'), founders }
  let identity = await IdentityFile.claim(storage, nodeEnvironment(), claim)
  for (let more = 1; more < starts; more += 1) identity = await IdentityFile.claim(storage, nodeEnvironment(), claim)
  const inputs: Input<number, never>[] = []
  const failures: unknown[] = []
  const driverFrames: number[] = []
  const sent: { to: string; frame: number[]; channel: string }[] = []
  const reached: string[][] = []
  let host: TransportHost | null = null
  const running: RunningTransport = {
    address: 'n1:1',
    setPeers: (peers) => void reached.push([...peers.keys()]),
    send(to, frame, channel) {
      sent.push({ to, frame: [...frame], channel })
      return answer
    },
    close: () => Promise.resolve(),
  }
  const peers = new Peers<number, never>({
    environment,
    protocol: byteProtocol,
    identity,
    storage,
    journal: { recovered: 12, persisted: 0x1_0000_0012 },
    address: 'n1:1',
    machine,
    supports: new Map(),
    events,
    leader: new LeaderView(nodeId('n1'), founders),
    offer: (input) => inputs.push(input) > 0,
    post: (input) => void inputs.push(input),
    fail: (error) => void failures.push(error),
    onDriverFrame: (kind, _from, body) => {
      if (body[0] === 0xff) throw new BytesError('its reader knows no such frame')
      driverFrames.push(kind)
    },
    onLink: () => {},
    onTraffic: () => {},
  })
  const listening = peers.listen({
    start(given) {
      host = given
      return Promise.resolve(running)
    },
  })
  const isListening = listening.then(whenListening)
  await (starts > 1 ? nodeEnvironment().yieldTurn() : isListening)
  if (host === null) throw new Error('the transport was not started')
  return {
    peers,
    host: host as TransportHost,
    inputs,
    sent,
    reached,
    events,
    storage,
    failures,
    identity,
    driverFrames,
  }
}

test('D10: the first byte of a frame is its kind; messages of the protocol stand behind how far the journal is durable', async () => {
  const { peers, sent } = await side()
  peers.send([{ to: nodeId('n2'), channel: 'log', message: 7 }])
  expect(sent).toEqual([{ to: 'n2', frame: [frameKind.protocol, 0x12, 0, 0, 0, 1, 0, 0, 0, 7], channel: 'log' }])
})

test('D10: frames of other kinds go to the driver, which ignores those that it does not know', async () => {
  const { host, inputs, events, driverFrames } = await side()
  expect(host.onFrame(nodeId('n2'), 'log', frameOf(77, 7))).toBeUndefined()
  expect(inputs).toEqual([])
  expect(events.warnings).toEqual([])
  expect(driverFrames).toEqual([77])
  host.onFrame(nodeId('n2'), 'log', frameOf(frameKind.protocol, 7))
  expect(inputs).toEqual([{ kind: 'receive', from: 'n2', message: 7 }])
})

test('bytes that are no message are a warning, and end the connection that brought them', async () => {
  const { host, inputs, events } = await side()
  expect(host.onFrame(nodeId('n2'), 'log', frameOf(frameKind.protocol, 0xff))).toBe('malformed')
  expect(host.onFrame(nodeId('n2'), 'log', frameOf(77, 7))).toBeUndefined()
  expect(inputs).toEqual([])
  expect(events.warnings.map(({ code }) => code)).toEqual(['BAD_FRAME'])
})

test.each([
  ['is empty', new Uint8Array()],
  ['ends before it says what it is', frameOf(frameKind.forward, 7).subarray(0, 8)],
  ['vouches for more than there can be', Uint8Array.of(77, 255, 255, 255, 255, 255, 255, 255, 255, 7)],
  ['its reader refuses', frameOf(frameKind.forward, 0xff)],
])('a frame that %s is one warning, and ends the connection that brought it', async (_, frame) => {
  const { host, events, inputs, driverFrames } = await side()
  const said: string[] = []
  events.on('warning', ({ message }) => said.push(message))
  expect(host.onFrame(nodeId('n2'), 'control', frame)).toBe('malformed')
  expect(said).toEqual([expect.stringMatching(/^n2 sent bytes on control that are no message: /)])
  expect([inputs, driverFrames]).toEqual([[], []])
})

test('a callback of the transport that throws stops the member, and throws nothing at the transport', async () => {
  const { host, failures, events } = await side()
  host.onFrame(nodeId('n2'), 'log', frameOf(frameKind.protocol, 0xfe))
  events.log = () => {
    throw new RangeError('no log')
  }
  host.onLink(nodeId('n2'), 'up', 'connected')
  expect(failures.map(String)).toEqual(['TypeError: a bug of the protocol', 'RangeError: no log'])
})

test('a frame that the transport dropped is told to the protocol, so that it probes', async () => {
  const { peers, inputs } = await side({ answer: 'dropped' })
  peers.send([{ to: nodeId('n2'), channel: 'log', message: 7 }])
  expect(inputs).toEqual([{ kind: 'dropped', peer: 'n2', channel: 'log' }])
})

test('a peer that connects and disconnects in a loop, or changes its address at each time, writes ten lines of each', async () => {
  const said: string[] = []
  const logger = { ...silentLogger, info: (_: object, message: string) => void said.push(message) }
  const { host, identity } = await side({ events: new Events(logger, nodeEnvironment()) })
  for (let count = 0; count < 100; count += 1) {
    host.onLink(nodeId('n2'), count % 2 === 0 ? 'up' : 'down', `the ${count}th`)
    const hello = encodeHello({
      ...{ challenge, to: nodeId('n1'), clusterId: identity.current.clusterId, self: nodeId('n2'), incarnation: 'x' },
      ...{ starts: 1, run: 'r', recovered: 0, protocol: 'solo', versions: { oldest: 1, newest: 1 } },
      ...{ clientAddress: `n2:${count}`, machine, supports: new Map() },
    })
    await host.admit(hello, { name: null, how: 'none' }, challenge)
  }
  expect(said.filter((line) => line.startsWith('link to n2'))).toHaveLength(10)
  expect(said.filter((line) => line.startsWith('clients reach n2'))).toHaveLength(10)
})

test('why a link is down is told until it is up, and a refusal ends as a warning then', async () => {
  const { host, peers, events } = await side()
  const n2 = nodeId('n2')
  expect([peers.linkTo(n2), peers.whyDown(n2)]).toEqual(['down', null])
  host.onLink(n2, 'down', 'n2:1 refused: MEMBER_IMPOSTOR: a copy')
  expect([peers.linkTo(n2), peers.whyDown(n2)]).toEqual(['down', 'n2:1 refused: MEMBER_IMPOSTOR: a copy'])
  expect(events.warnings.map(({ code }) => code)).toEqual(['PEER_REFUSED'])
  host.onLink(n2, 'up', 'connected')
  expect([peers.linkTo(n2), peers.whyDown(n2), events.warnings]).toEqual(['up', null, []])
})

test('D17, F-35: whoever is no member is neither let in, nor kept, nor dialled', async () => {
  const { host, peers, reached, identity } = await side()
  const saying = (self: string) =>
    encodeHello({
      ...{ challenge, to: nodeId('n1') },
      ...{ clusterId: identity.current.clusterId, self: nodeId(self), incarnation: 'x', starts: 1, run: 'r' },
      ...{ recovered: 0, protocol: 'solo', versions: { oldest: 1, newest: 1 }, clientAddress: `${self}:80` },
      ...{ machine, supports: new Map([['machine', 2]]) },
    })
  const outsider = await host.admit(saying('n9'), { name: 'n9', how: 'mutualTls' }, challenge)
  expect(outsider).toEqual({ refuse: expect.stringMatching(/^NOT_A_MEMBER: "n9"/) as string })
  expect([peers.supportOf(nodeId('n9')), identity.current.peers.size]).toEqual([null, 0])
  expect(await host.admit(saying('n2'), { name: null, how: 'none' }, challenge)).toEqual({ peer: 'n2' })
  expect(peers.supportOf(nodeId('n2'))?.get('machine')).toBe(2)
  expect(reached).toEqual([['n2']])
})

test('D16: a hello answers what the other side has drawn, and one that answers something else is refused', async () => {
  const { host, identity } = await side()
  const drawn = new Uint8Array(16).fill(9)
  expect(decodeHello(host.hello(drawn, nodeId('n2')))).toMatchObject({ challenge: drawn, to: 'n2', self: 'n1' })
  const own = host.hello(challenge, nodeId('n2'))
  const reflected = await host.admit(own, { name: null, how: 'none' }, challenge)
  expect(reflected).toEqual({ refuse: expect.stringMatching(/^MEMBER_IMPOSTOR: n1 has reached itself/) as string })
  const repeated = await host.admit(own, { name: null, how: 'none' }, drawn)
  expect(repeated).toEqual({ refuse: expect.stringMatching(/^MEMBER_IMPOSTOR: the hello answers another/) as string })
  expect(identity.current.peers.size).toBe(0)
})

test.each(['n9', 'n1'])('D17: whatever the transport has admitted, frames of %s are dropped', async (from) => {
  const { host, inputs, driverFrames, identity, events } = await side()
  host.onFrame(nodeId(from), 'log', frameOf(frameKind.protocol, 7, 99))
  host.onFrame(nodeId(from), 'control', frameOf(frameKind.forward, 7, 99))
  host.onFrame(nodeId(from), 'control', frameOf(frameKind.protocol, 0xff, 99))
  expect([inputs, driverFrames, events.warnings]).toEqual([[], [], []])
  await identity.learn(nodeId(from), { incarnation: 'x', starts: 1, run: 'r', persisted: 0 })
  expect(identity.lifeOf(nodeId(from))?.persisted).toBe(0)
})

test('D16: each frame vouches for its sender’s journal, and one that is too short is none', async () => {
  const { host, identity, driverFrames } = await side()
  const { clusterId } = identity.current
  const hello = encodeHello({
    ...{ challenge, to: nodeId('n1') },
    ...{ clusterId, self: nodeId('n2'), incarnation: 'x', starts: 1, run: 'r', recovered: 3, protocol: 'solo' },
    ...{ versions: { oldest: 1, newest: 1 }, clientAddress: '', machine, supports: new Map() },
  })
  await host.admit(hello, { name: null, how: 'none' }, challenge)
  host.onFrame(nodeId('n2'), 'control', frameOf(77, 7, 0x2_0000_0001))
  host.onFrame(nodeId('n2'), 'control', frameOf(77, 7, 5).subarray(0, 8))
  host.onFrame(nodeId('n2'), 'control', Uint8Array.of(77, 255, 255, 255, 255, 255, 255, 255, 255, 7))
  expect(driverFrames).toEqual([77])
  expect(identity.lifeOf(nodeId('n2'))?.persisted).toBe(0x2_0000_0001)
})

test('D16: a member that is refused for its directory stops, and one that refuses does not', async () => {
  const { host, failures, events } = await side()
  host.onLink(nodeId('n2'), 'down', 'n2:1 was refused here: STALE_DIRECTORY: n2 comes back with less')
  expect(failures).toEqual([])
  host.onLink(nodeId('n2'), 'down', 'n2:1 refused: STALE_DIRECTORY: n1 comes back with less')
  expect(failures).toMatchObject([{ code: 'STALE_DIRECTORY', outcome: 'fatal' }])
  expect(events.warnings).toMatchObject([{ code: 'PEER_REFUSED' }])
})

test('a member that starts again waits for every other member’s answer, and no longer than a leader is waited for', async () => {
  const time = virtualTime({ settled: () => nodeEnvironment().yieldTurn(), seed: 1 })
  const said: string[] = []
  const begin = (who: string, starts: number) =>
    side({ environment: time.environment, starts, whenListening: () => said.push(who) })
  const answered = await begin('answered', 2)
  await begin('silent', 2)
  await begin('new', 1)
  await time.pass(10)
  answered.host.onLink(nodeId('n2'), 'gone', 'nobody listens there')
  await time.pass(100)
  expect(said).toEqual(['new', 'answered'])
  await time.pass(50)
  expect(said).toEqual(['new', 'answered', 'silent'])
})

test('D5: an identity that cannot be saved stops the member that learned something', async () => {
  const { host, storage, failures, identity } = await side()
  storage.saveIdentity = () => Promise.reject(new Error('EIO'))
  const { clusterId } = identity.current
  const hello = encodeHello({
    ...{ challenge, to: nodeId('n1') },
    ...{ clusterId, self: nodeId('n2'), incarnation: 'x', starts: 1, run: 'r', recovered: 0, protocol: 'solo' },
    ...{ versions: { oldest: 1, newest: 1 }, clientAddress: '', machine, supports: new Map() },
  })
  expect(await host.admit(hello, { name: null, how: 'none' }, challenge)).toMatchObject({
    refuse: expect.anything() as string,
  })
  expect(failures).toEqual([new Error('EIO')])
})
