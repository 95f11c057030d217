import { connect, type Socket } from 'node:net'
import { nodeId, seededRandom, splitAddress, type Random, type RunningTransport } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { httpTransport } from '@quorate/transport-http'
import { encodeBody } from '../src/body.js'
import { sound, wounded, type Written } from './wounds.js'

export interface StormOptions {
  readonly seed: number
  /** Each opens a link, if its request for one is sound, and then posts a sound body and a wounded one. */
  readonly strangers: number
  readonly framesEach: number
}

/** What a storm did to a listening member. */
export interface StormReport {
  /** Requests that were written, by what they were answered: `204`, …, or `none`. */
  readonly answers: Readonly<Record<string, number>>
  /** Frames of strangers that were written in bodies, sound or wounded, and those that were believed. */
  readonly framesSent: number
  readonly framesTaken: number
  readonly longestTaken: number
  /** Frames of an honest peer that were queued, and that arrived, all through the storm. */
  readonly honestSent: number
  readonly honestTaken: number
  /** Reports of the honest peer's link after the first: it should have none. */
  readonly honestLinkChanges: readonly string[]
  readonly heapBytesMax: number
}

const token = 'sixteen-or-more-letters'
const authorization = `Bearer ${token}`
const atOnce = 16
const frameBytesMax = 1_000
/** Frames are below the first number; in one wounded body of eight they are below the second. */
const [usualBytes, longBytes] = [40, 2 * frameBytesMax]

/**
 * Many strangers, one after the other on several ways, whose requests have wounds in their head, their body and their
 * chunks; meanwhile an honest peer goes on.
 */
export async function storm({ seed, strangers, framesEach }: StormOptions): Promise<StormReport> {
  const random = seededRandom(seed)
  const taken = { frames: 0, longest: 0, honest: 0 }
  const target = await start('target', { frameBytesMax }, (from, length) => {
    if (from === 'honest') return void (taken.honest += 1)
    taken.frames += 1
    taken.longest = Math.max(taken.longest, length)
  })
  const links: string[] = []
  const honest = await start(
    'honest',
    {},
    () => {},
    (report) => links.push(report),
  )
  honest.setPeers(new Map([[nodeId('target'), target.address]]))
  let honestSent = 0
  const beat = setInterval(() => {
    if (honest.send(nodeId('target'), Buffer.from('beat'), 'control') === 'queued') honestSent += 1
  }, 5)
  const answers: Record<string, number> = {}
  const count = (answer: string): void => void (answers[answer] = (answers[answer] ?? 0) + 1)
  let heapBytesMax = 0
  let came = 0
  let bodies = 0
  const attack = async (): Promise<void> => {
    while (came < strangers) {
      came += 1
      const written = await visit(target.address, came, framesEach, random, count)
      bodies += written
      if (came % 100 === 0) heapBytesMax = Math.max(heapBytesMax, process.memoryUsage().heapUsed)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, attack))
  clearInterval(beat)
  await arrival(() => taken.honest === honestSent)
  await honest.close()
  await target.close()
  return {
    answers,
    framesSent: bodies * framesEach,
    framesTaken: taken.frames,
    longestTaken: taken.longest,
    honestSent,
    honestTaken: taken.honest,
    honestLinkChanges: links.slice(1),
    heapBytesMax,
  }
}

/** One stranger. Returns how many bodies of frames it has written. */
async function visit(
  address: string,
  number: number,
  framesEach: number,
  random: Random,
  count: (answer: string) => void,
): Promise<number> {
  const offer = { authorization, 'quorate-versions': '1-1' }
  const asked = await lastText(
    open(address),
    sound({ path: '/quorate/challenge', headers: offer, body: Buffer.alloc(0) }),
  )
  const answers = /\r\n\r\n([0-9a-f]{32})$/.exec(asked)?.[1] ?? ''
  const headers = { ...offer, 'quorate-answers': answers, 'quorate-challenge': '7'.repeat(32) }
  const greeting: Written = { path: '/quorate/link', headers, body: Buffer.from(`stranger-${number % 50}`) }
  if (random.nextInt(4) === 0) {
    count(await lastWords(open(address), wounded(greeting, random)))
    return 0
  }
  const standing = open(address)
  const answer = await reply(standing, sound(greeting))
  count(statusOf(answer))
  const link = /quorate-link: ([0-9a-f]{32})/.exec(answer)?.[1]
  if (link === undefined) {
    standing.destroy()
    return 0
  }
  const way = open(address)
  const channel = number % 2 === 0 ? 'log' : 'bulk'
  const body = (which: number, bytesMax: number): Written => ({
    path: `/quorate/frames/${channel}`,
    headers: { authorization, 'quorate-link': link, 'quorate-number': which },
    body: framesOf(framesEach, bytesMax, random),
  })
  count(statusOf(await reply(way, sound(body(1, usualBytes)))))
  count(await lastWords(way, wounded(body(2, random.nextInt(8) === 0 ? longBytes : usualBytes), random)))
  standing.destroy()
  return 2
}

function framesOf(count: number, bytesMax: number, random: Random): Buffer {
  return Buffer.concat(encodeBody(Array.from({ length: count }, () => Buffer.alloc(random.nextInt(bytesMax), 1))))
}

function open(address: string): Socket {
  return connect({ ...splitAddress(address), noDelay: true }).on('error', () => {})
}

/** Writes a request and waits for the head of its answer, or the end of the connection. */
function reply(socket: Socket, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const done = (): void => {
      socket.off('data', onData).off('close', done).resume()
      resolve(text)
    }
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1')
      if (text.includes('\r\n\r\n')) done()
    }
    socket.on('data', onData).once('close', done)
    socket.write(bytes)
  })
}

/** Writes bytes, hangs up, and waits for the end of the connection. Returns what the last answer was. */
async function lastWords(socket: Socket, bytes: Buffer): Promise<string> {
  return statusOf(await lastText(socket, bytes))
}

/** The same, and returns all that came. */
function lastText(socket: Socket, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    socket.once('close', () => resolve(text))
    socket.end(bytes)
  })
}

function statusOf(answer: string): string {
  return /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 'none'
}

function start(
  id: string,
  options: { readonly frameBytesMax?: number },
  onFrame: (from: string, length: number) => void,
  onLink: (report: string) => void = () => {},
): Promise<RunningTransport> {
  return httpTransport({ token, ...options }).start({
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
