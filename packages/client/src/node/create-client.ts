import { QuorateError, type MachineModule } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { createClient as createPortableClient, type Client } from '../client.js'
import type { ClientOptions } from '../options.js'
import { nodeHttp } from './node-http.js'
import type { ClientTlsOption } from './tls.js'

/** Options of `createClient` where time, dice and HTTP are Node's unless others are given. */
export type NodeClientOptions<Machine extends MachineModule> = Omit<ClientOptions<Machine>, 'environment' | 'http'> &
  Partial<Pick<ClientOptions<Machine>, 'environment' | 'http'>> & {
    /** Speak https to all addresses, as the option `tls` of `nodeHttp` says; with that one, not with `http`. */
    readonly tls?: ClientTlsOption
  }

/** A client over `node:http`, or https. See `createClient` of `@quorate/client`. */
export function createClient<Machine extends MachineModule>(given: NodeClientOptions<Machine>): Client<Machine> {
  const { tls, ...options } = given
  if (tls !== undefined && options.http !== undefined) {
    throw new QuorateError('INVALID_OPTIONS', 'createClient has tls and http: give tls to nodeHttp({ tls }) alone')
  }
  const http = options.http ?? nodeHttp(tls === undefined ? {} : { tls })
  return createPortableClient({ environment: nodeEnvironment(), ...options, http })
}
