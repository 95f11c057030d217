import type { MachineModule } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { createReplica as createPortableReplica } from '../create-replica.js'
import type { ReplicaOptions } from '../options.js'
import type { Replica } from '../replica.js'

/** Options of `createReplica` where the environment is Node's unless another is given. */
export type NodeReplicaOptions<Machine extends MachineModule, Message, Admin> = Omit<
  ReplicaOptions<Machine, Message, Admin>,
  'environment'
> &
  Partial<Pick<ReplicaOptions<Machine, Message, Admin>, 'environment'>>

/** Starts one member on Node's clock and dice. See `createReplica` of `@quorate/replica`. */
export function createReplica<Machine extends MachineModule, Message, Admin>(
  options: NodeReplicaOptions<Machine, Message, Admin>,
): Promise<Replica<Machine>> {
  return createPortableReplica({ environment: nodeEnvironment(), ...options })
}
