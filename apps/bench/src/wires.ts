import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { nodeId, type RunningTransport, type Transport } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { httpTransport } from '@quorate/transport-http'
import { memoryHub, memoryTransport } from '@quorate/transport-memory'
import { tcpTransport } from '@quorate/transport-tcp'

/** Two ends in this process with a wire between them. What arrives is told to whoever listens at that moment. */
export interface Wire {
  readonly name: string
  /** From the near end to the far one. */
  there(frame: Uint8Array): void
  /** From the far end to the near one. */
  back(frame: Uint8Array): void
  onThere: () => void
  onBack: () => void
  close(): Promise<void>
}

/** All wires that are compared, the bare one first. */
export async function openWires(): Promise<Wire[]> {
  return [
    await bareWire(),
    await transportWire('tcp', () => tcpTransport()),
    await transportWire('http', () => httpTransport()),
    await memoryWire(),
  ]
}

const headerBytes = 4

/** `node:net` and little else: a length before each frame, no bounds, no checks, no other channel. */
async function bareWire(): Promise<Wire> {
  const server = createServer({ noDelay: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const arrived = new Promise<Socket>((resolve) => server.once('connection', resolve))
  const near = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(near, 'connect')
  const far = await arrived
  const wire: Wire = {
    name: 'node:net',
    there: (frame) => write(near, frame),
    back: (frame) => write(far, frame),
    onThere: () => {},
    onBack: () => {},
    close: async () => {
      near.destroy()
      far.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  read(far, () => wire.onThere())
  read(near, () => wire.onBack())
  return wire
}

/** Everything of one turn goes out in one piece, as a transport does it. */
function write(socket: Socket, frame: Uint8Array): void {
  if (socket.writableCorked === 0) {
    socket.cork()
    setImmediate(() => socket.uncork())
  }
  const header = Buffer.allocUnsafe(headerBytes)
  header.writeUInt32LE(frame.length)
  socket.write(header)
  socket.write(frame)
}

/** Puts the bytes of each frame together, as whoever uses them needs it. */
function read(socket: Socket, onFrame: () => void): void {
  let header: Buffer = Buffer.alloc(0)
  let body = Buffer.alloc(0)
  let missing = 0
  socket.on('data', (chunk) => {
    let at = 0
    while (at < chunk.length || (missing === 0 && header.length === headerBytes)) {
      if (header.length < headerBytes) {
        const taken = Math.min(headerBytes - header.length, chunk.length - at)
        header = Buffer.concat([header, chunk.subarray(at, at + taken)])
        at += taken
        if (header.length < headerBytes) return
        missing = header.readUInt32LE()
        body = Buffer.allocUnsafe(missing)
      } else {
        const taken = chunk.copy(body, body.length - missing, at, at + missing)
        at += taken
        missing -= taken
        if (missing > 0) return
        header = Buffer.alloc(0)
        onFrame()
      }
    }
  })
}

async function memoryWire(): Promise<Wire> {
  const hub = memoryHub()
  return transportWire(
    'memory',
    () => memoryTransport({ hub }),
    (id) => `${id}:1`,
  )
}

async function transportWire(
  name: string,
  transport: () => Transport,
  addressOf: (id: string) => string = () => '127.0.0.1:0',
): Promise<Wire> {
  const [near, far] = [
    await openEnd(transport(), 'near', addressOf('near')),
    await openEnd(transport(), 'far', addressOf('far')),
  ]
  near.running.setPeers(new Map([[farId, far.running.address]]))
  far.running.setPeers(new Map([[nearId, near.running.address]]))
  await Promise.all([near.up, far.up])
  const wire: Wire = {
    name,
    there: (frame) => send(near.running, 'far', frame),
    back: (frame) => send(far.running, 'near', frame),
    onThere: () => {},
    onBack: () => {},
    close: async () => {
      await near.running.close()
      await far.running.close()
    },
  }
  far.onFrame = () => wire.onThere()
  near.onFrame = () => wire.onBack()
  return wire
}

const [nearId, farId] = [nodeId('near'), nodeId('far')]

function send(running: RunningTransport, to: string, frame: Uint8Array): void {
  if (running.send(nodeId(to), frame, 'log') !== 'queued') throw new Error(`a frame to ${to} was dropped`)
}

interface End {
  readonly running: RunningTransport
  readonly up: Promise<void>
  onFrame: () => void
}

async function openEnd(transport: Transport, id: string, address: string): Promise<End> {
  let isUp: () => void = () => {}
  const up = new Promise<void>((resolve) => (isUp = resolve))
  let onFrame: () => void = () => {}
  const running = await transport.start({
    environment: nodeEnvironment(),
    self: nodeId(id),
    address,
    hello: () => Buffer.from(id),
    admit: async (hello) => ({ peer: nodeId(Buffer.from(hello).toString()) }),
    onFrame: () => onFrame(),
    onLink: (peer, state, reason) => {
      if (state === 'up') isUp()
      else throw new Error(`the link to ${peer} is ${state}: ${reason}`)
    },
  })
  return {
    running,
    up,
    set onFrame(run: () => void) {
      onFrame = run
    },
  }
}
