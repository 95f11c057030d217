import type { HttpAnswer, HttpCall, HttpExchange, HttpPort } from '@quorate/client'
import type { VirtualTime } from '@quorate/conformance'
import type { Random } from '@quorate/contracts'
import { counter } from '@quorate/machine-counter'
import { productGateway } from '../../../simulator/test/gateway/product-gateway.js'
import type { PowerCutCluster } from '../power-cut/cluster.js'

type Cluster = PowerCutCluster<typeof counter>
type Member = Cluster['members'][number]
type Served = ReturnType<typeof productGateway>

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
  readonly #gateways = new WeakMap<Member, Served>()

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
    // Of a request that was given up on its way the gateway hears nothing, as when a proxy held it.
    const exchange = this.#gatewayOf(member)(call)
    way.onGivenUp = () => exchange.cancel()
    const answer = await exchange.answer
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

  #gatewayOf(replica: Member): Served {
    const { environment } = this.#time
    const gateway = this.#gateways.get(replica) ?? productGateway({ replica, machine: counter, environment })
    this.#gateways.set(replica, gateway)
    return gateway
  }
}
