import type { MachineModule } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { createClient as createPortableClient, type Client } from '../client.js'
import type { ClientOptions } from '../options.js'
import { nodeHttp } from './node-http.js'

/** Options of `createClient` where time, dice and HTTP are Node's unless others are given. */
export type NodeClientOptions<Machine extends MachineModule> = Omit<ClientOptions<Machine>, 'environment' | 'http'> &
  Partial<Pick<ClientOptions<Machine>, 'environment' | 'http'>>

/** A client over `node:http`. See `createClient` of `@quorate/client`. */
export function createClient<Machine extends MachineModule>(options: NodeClientOptions<Machine>): Client<Machine> {
  return createPortableClient({ environment: nodeEnvironment(), http: nodeHttp(), ...options })
}
