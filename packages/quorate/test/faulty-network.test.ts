import { expect, onTestFinished, test, vi } from 'vitest'
import { nodeId, type NodeId, type RunningTransport } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { transports, type TransportName } from './faulty-network/cluster.js'
import { crowd } from './faulty-network/crowd.js'
import { Proxies } from './faulty-network/proxies.js'
import { story } from './faulty-network/story.js'

/** Nobody knows how busy the machine is. */
const patienceMs = 180_000

test.each(['tcp', 'http'] as const)(
  'over %s, writes of a majority that is fully connected go on, whatever happens to the others, and all agree afterwards',
  async (name) => {
    const chapters: string[] = []
    for await (const { fault, hadLeader, writes } of story(name, ['cut', 'half-open', 'mute', 'deaf'], 10)) {
      chapters.push(`${fault}, ${hadLeader ? 'leader' : 'followers'}: ${writes}`)
    }
    expect(chapters).toEqual([
      'cut, leader: 10',
      'cut, followers: 10',
      'half-open, leader: 10',
      'half-open, followers: 10',
      'mute, leader: 10',
      'mute, followers: 10',
      'deaf, leader: 10',
      'deaf, followers: 10',
    ])
  },
  patienceMs,
)

test.each(['tcp', 'http'] as const)(
  'over %s, idle connections are ended, and writes go on',
  async (name) => {
    const { idle, endedByLimit, ended, writes } = await crowd(name, 300, 20)
    expect(endedByLimit).toBeGreaterThan(100)
    expect([ended, writes]).toEqual([idle, 20])
  },
  patienceMs,
)

interface End {
  readonly id: NodeId
  readonly running: RunningTransport
  /** Texts of frames, in order of arrival. */
  readonly frames: string[]
  readonly links: string[]
}

async function end(name: TransportName, id: NodeId, proxies: Proxies): Promise<End> {
  const frames: string[] = []
  const links: string[] = []
  const running = await proxies.through(transports[name]()).start({
    environment: nodeEnvironment(),
    self: id,
    address: '127.0.0.1:0',
    hello: () => Buffer.from(id),
    admit: async (hello) => ({ peer: nodeId(Buffer.from(hello).toString()) }),
    onFrame: (_from, _channel, frame) => void frames.push(Buffer.from(frame).toString()),
    onLink: (_peer, state, reason) => void links.push(`${state}: ${reason}`),
  })
  onTestFinished(() => running.close())
  return { id, running, frames, links }
}

const isUp = ({ links }: End): boolean => links.at(-1)?.startsWith('up') === true
const until = (holds: () => boolean) => vi.waitUntil(holds, { timeout: 15_000, interval: 5 })

test.each(
  (['tcp', 'http'] as const).flatMap((name) => (['mute', 'deaf'] as const).map((fault) => [name, fault] as const)),
)(
  'over %s, a connection that lost one direction (%s) is noticed at both ends, and made anew afterwards',
  async (name, fault) => {
    const proxies = new Proxies()
    const [n1, n2] = [nodeId('n1'), nodeId('n2')]
    await proxies.listen([n1, n2])
    onTestFinished(() => proxies.close())
    const [struck, well] = [await end(name, n1, proxies), await end(name, n2, proxies)]
    const ends = [
      [struck, well],
      [well, struck],
    ] as const
    for (const [from, to] of ends) from.running.setPeers(new Map([[to.id, to.running.address]]))
    await until(() => isUp(struck) && isUp(well))

    proxies.strike([n1], fault)
    for (const [from, to] of ends) from.running.send(to.id, Buffer.from('struck'), 'log')
    await until(() => !isUp(struck) && !isUp(well))
    const heardOf = { mute: [[], ['struck']], deaf: [['struck'], []] } as const
    expect([well.frames, struck.frames]).toEqual(heardOf[fault])

    proxies.strike([n1], 'none')
    await until(() => isUp(struck) && isUp(well))
    for (const [from, to] of ends) from.running.send(to.id, Buffer.from('healed'), 'log')
    await until(() => ends.every(([{ frames }]) => frames.at(-1) === 'healed'))
  },
)
