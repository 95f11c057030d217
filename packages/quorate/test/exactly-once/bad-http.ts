import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { HttpAnswer, HttpCall, HttpExchange, HttpPort } from '@quorate/client'
import type { VirtualTime } from '@quorate/conformance'
import type { Random } from '@quorate/contracts'
import { httpHandler, type HttpListener } from '@quorate/gateway-http'
import { counter } from '@quorate/machine-counter'
import type { PowerCutCluster } from '../power-cut/cluster.js'

type Cluster = PowerCutCluster<typeof counter>
type Member = Cluster['members'][number]

/** One exchange, as long as somebody wants its answer. */
interface Way {
  isGivenUp: boolean
  onGivenUp: () => void
}

const lossPercent = 1
const travelMsMax = 3
/** So much is on its way for so long: longer than the client waits for an answer, so that copies arrive behind others. */
const latePercent = 1
const lateMsMax = 2_000

/**
 * What lies between a client and the gateways of a cluster: requests and answers as Node's HTTP reads them, on a way that
 * takes its time from the seed. Now and then one of them is late or lost, and a machine without power says nothing any more.
 */
export class BadHttp implements HttpPort {
  /** How many commands left the client, repeated ones counted. */
  commands = 0
  readonly #time: VirtualTime
  readonly #random: Random
  readonly #cluster: Cluster
  readonly #gateways = new WeakMap<Member, HttpListener>()

  constructor(time: VirtualTime, random: Random, cluster: Cluster) {
    this.#time = time
    this.#random = random
    this.#cluster = cluster
  }

  send(call: HttpCall): HttpExchange {
    const way: Way = { isGivenUp: false, onGivenUp: () => {} }
    const cancel = (): void => {
      way.isGivenUp = true
      way.onGivenUp()
    }
    return { answer: this.#carry(call, way), cancel }
  }

  async close(): Promise<void> {}

  async #carry(call: HttpCall, way: Way): Promise<HttpAnswer> {
    const member = this.#cluster.members.find(({ id }) => call.address === `${id}:80`)
    await this.#travel()
    if (!member || way.isGivenUp) throw new Error('nobody takes the connection')
    call.onSent()
    if (call.path.startsWith('/v1/commands')) this.commands += 1
    await this.#travelOrLose(member)
    const answer = await serve(this.#gatewayOf(member), call, way)
    await this.#travelOrLose(member)
    return answer
  }

  /** Half of what is lost breaks the connection, the other half leaves it silent. */
  async #travelOrLose(member: Member): Promise<void> {
    await this.#travel()
    const isLost = this.#random.nextInt(100) < lossPercent
    if (!isLost && this.#cluster.members.includes(member)) return
    if (this.#random.nextInt(2) === 0) throw new Error('the connection broke')
    await new Promise<never>(() => {})
  }

  #travel(): Promise<void> {
    const msMax = this.#random.nextInt(100) < latePercent ? lateMsMax : travelMsMax
    const travelMs = this.#random.nextInt(msMax + 1)
    return new Promise((resolve) => void this.#time.environment.setTimer(travelMs, resolve))
  }

  #gatewayOf(replica: Member): HttpListener {
    const { environment } = this.#time
    const options = { replica, machine: counter, environment, leaderTimeoutMs: 100 }
    const gateway = this.#gateways.get(replica) ?? httpHandler(options)
    this.#gateways.set(replica, gateway)
    return gateway
  }
}

/**
 * Hands a request to a gateway, which hears of it when nobody wants the answer any more: of a request that was given up on
 * its way it hears nothing, as when a proxy held it.
 */
function serve(gateway: HttpListener, call: HttpCall, way: Way): Promise<HttpAnswer> {
  const { method, path, accept, body } = call
  const request = new IncomingMessage(new Socket())
  request.method = method
  request.url = path
  request.headers = { host: 'localhost', accept }
  if (body !== null) {
    request.headers['content-type'] = 'application/json'
    request.headers['content-length'] = String(body.length)
    request.push(body)
  }
  request.push(null)
  request.complete = true
  return new Promise((resolve) => {
    const response = new KeptResponse(request, resolve)
    way.onGivenUp = () => void response.emit('close')
    gateway(request, response)
  })
}

/** An answer that is handed over whole instead of being written. */
class KeptResponse extends ServerResponse {
  readonly #onEnd: (answer: HttpAnswer) => void
  #headers: Readonly<Record<string, string>> = {}

  constructor(request: IncomingMessage, onEnd: (answer: HttpAnswer) => void) {
    super(request)
    this.#onEnd = onEnd
  }

  override writeHead(status: number, headers?: unknown): this {
    this.statusCode = status
    const given = typeof headers === 'object' && headers !== null ? Object.entries(headers) : []
    this.#headers = Object.fromEntries(given.map(([name, value]) => [name, String(value)]))
    return this
  }

  override end(body?: unknown): this {
    const bytes = body instanceof Uint8Array ? body : new Uint8Array()
    const text = (): string => Buffer.from(bytes).toString()
    this.#onEnd({ status: this.statusCode, headers: this.#headers, bytes, text })
    return this
  }
}
