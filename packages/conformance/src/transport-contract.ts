import type { Environment, Transport } from '@quorate/contracts'
import type { TestFunction } from './contract.js'
import { deliveryCases } from './transport-delivery.js'
import { limitCases } from './transport-limits.js'
import { linkCases } from './transport-links.js'
import { challengeCases, impostorCases, strangerCases } from './transport-strangers.js'
import { TransportPeer, type TransportClaim, type TransportNetwork } from './transport-peer.js'

export type { TransportNetwork } from './transport-peer.js'

/** What {@link transportContract} is given. */
export interface TransportContractOptions<Network extends TransportNetwork = TransportNetwork> {
  readonly test: TestFunction
  /** A fresh network for one case. */
  readonly factory: () => Network | Promise<Network>
  /** Real time and dice: `nodeEnvironment()` of `@quorate/contracts/node`. */
  readonly environment: Environment
  readonly capabilities?: {
    /** False if the transport cannot tell a dead process from a silent one: `down` is then enough. Default true. */
    readonly gone?: boolean
  }
  /** Transports that members of the network do not let in, by what they do: `shows no certificate`. Default none. */
  readonly strangers?: Readonly<Record<string, (network: Network) => Transport>>
}

/**
 * What every transport promises, as tests: frames are delivered unaltered and in order within a channel or not at all,
 * `send` neither blocks nor throws, what waits is bounded, and both sides decide whom they talk to.
 */
export function transportContract<Network extends TransportNetwork>(options: TransportContractOptions<Network>): void {
  const general = [...deliveryCases, ...limitCases, ...linkCases, ...impostorCases, ...challengeCases]
  for (const { claim, run } of [...general, ...strangerCases(options.strangers ?? {})]) {
    options.test(claim, () => runCase(options, run))
  }
}

async function runCase<Network extends TransportNetwork>(
  options: TransportContractOptions<Network>,
  run: TransportClaim<Network>['run'],
): Promise<void> {
  const { environment } = options
  const network = await options.factory()
  const peers: TransportPeer[] = []
  try {
    await run({
      network,
      environment,
      tellsGone: options.capabilities?.gone ?? true,
      start: async (peerOptions) => {
        const peer = new TransportPeer(peerOptions.id, environment)
        await peer.start(peerOptions.transport ?? network.transport(), peerOptions)
        peers.push(peer)
        return peer
      },
    })
  } finally {
    for (const peer of peers) await peer.close()
    await network.dispose?.()
  }
}
