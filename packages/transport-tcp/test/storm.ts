import { connect } from 'node:net'
import { nodeId, seededRandom, splitAddress, type Random, type RunningTransport } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { tcpTransport } from '@quorate/transport-tcp'
import { encodeFrames } from '../src/frame.js'
import { greetingAs } from './members.js'

export interface StormOptions {
  readonly seed: number
  readonly connections: number
  readonly framesEach: number
}

/** What a storm did to a listening member. */
export interface StormReport {
  /** Frames of strangers that were written, whole or mangled. */
  readonly framesSent: number
  /** Frames of strangers that were believed: none of them may be longer than what was sent. */
  readonly framesTaken: number
  readonly longestTaken: number
  readonly refused: number
  readonly brokenOff: number
  /** Frames of an honest peer that were queued, and that arrived, all through the storm. */
  readonly honestSent: number
  readonly honestTaken: number
  /** Reports of the honest peer's link after the first: it should have none. */
  readonly honestLinkChanges: readonly string[]
  readonly heapBytesMax: number
}

const atOnce = 16
const bodyBytesMax = 40

/**
 * Many connections, one after the other on several ways, each of a stranger that is let in and then writes frames with
 * bytes overwritten, left out and stuffed in; meanwhile an honest peer goes on.
 */
export async function storm({ seed, connections, framesEach }: StormOptions): Promise<StormReport> {
  const random = seededRandom(seed)
  const taken = { frames: 0, longest: 0, honest: 0 }
  const log = { refused: 0, brokenOff: 0 }
  const warn = (fields: { leftOut?: number }, message: string): void => {
    const count = fields.leftOut ?? 1
    if (message.includes('refused')) log.refused += count
    if (message.includes('broken off')) log.brokenOff += count
  }
  const logger = { debug() {}, info() {}, warn, error: warn }
  const target = await start(
    'target',
    (from, length) => {
      if (from === 'honest') taken.honest += 1
      else {
        taken.frames += 1
        taken.longest = Math.max(taken.longest, length)
      }
    },
    tcpTransport({ frameBytesMax: 1_000, logger }),
  )
  const links: string[] = []
  const honest = await start(
    'honest',
    () => {},
    tcpTransport(),
    (report) => links.push(report),
  )
  honest.setPeers(new Map([[nodeId('target'), target.address]]))
  let honestSent = 0
  const beat = setInterval(() => {
    if (honest.send(nodeId('target'), Buffer.from('beat'), 'control') === 'queued') honestSent += 1
  }, 5)
  let heapBytesMax = 0
  let opened = 0
  const attack = async (): Promise<void> => {
    while (opened < connections) {
      opened += 1
      await write(target.address, mangled(random, framesEach, opened))
      if (opened % 100 === 0) heapBytesMax = Math.max(heapBytesMax, process.memoryUsage().heapUsed)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, attack))
  clearInterval(beat)
  await arrival(() => taken.honest === honestSent)
  await honest.close()
  await target.close()
  return {
    framesSent: connections * framesEach,
    framesTaken: taken.frames,
    longestTaken: taken.longest,
    ...log,
    honestSent,
    honestTaken: taken.honest,
    honestLinkChanges: links.slice(1),
    heapBytesMax,
  }
}

/** A greeting and frames, with up to three wounds anywhere in them; one connection in eight is sound. */
function mangled(random: Random, frames: number, number: number): Buffer {
  const bodies = Array.from({ length: frames }, () => Buffer.alloc(random.nextInt(bodyBytesMax), 1))
  let bytes = Buffer.concat([
    greetingAs(`stranger-${number % 50}`),
    ...encodeFrames(bodies.map((body) => ({ kind: 'log' as const, body }))),
  ])
  for (let wounds = random.nextInt(8) === 0 ? 0 : 1 + random.nextInt(3); wounds > 0; wounds -= 1) {
    const at = random.nextInt(random.nextInt(8) === 0 ? 16 : bytes.length)
    switch (random.nextInt(3)) {
      case 0:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.nextInt(9))])
        break
      case 1:
        bytes[at] = random.nextInt(256)
        break
      default: {
        const stuffing = Buffer.alloc(1 + random.nextInt(9), random.nextInt(256))
        bytes = Buffer.concat([bytes.subarray(0, at), stuffing, bytes.subarray(at)])
      }
    }
  }
  return bytes
}

/** Writes all of it and waits for the end of the connection. */
function write(address: string, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(splitAddress(address))
    socket.on('error', () => {})
    socket.once('close', () => resolve())
    socket.resume()
    socket.end(bytes)
  })
}

function start(
  id: string,
  onFrame: (from: string, length: number) => void,
  transport: ReturnType<typeof tcpTransport>,
  onLink: (report: string) => void = () => {},
): Promise<RunningTransport> {
  return transport.start({
    environment: nodeEnvironment(),
    self: nodeId(id),
    address: '127.0.0.1:0',
    hello: () => Buffer.from(id),
    // A greeting whose name was mangled is admitted under that name if it is one.
    admit: async (hello) => ({ peer: nodeId(Buffer.from(hello).toString()) }),
    onFrame: (from, _channel, frame) => onFrame(from, frame.length),
    onLink: (_peer, state, reason) => onLink(`${state}: ${reason}`),
  })
}

/** Turns until something holds; a storm that is over has nothing else to wait for. */
async function arrival(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2_000 && !holds(); turn += 1) await new Promise((resolve) => setTimeout(resolve, 5))
}
