import type { MachineModule } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { raft } from '@quorate/raft'
import type { Replica } from '@quorate/replica'
import { createReplica } from '@quorate/replica/node'
import { memoryStorage } from '@quorate/storage-memory'
import { memoryHub, memoryTransport } from '@quorate/transport-memory'
import { onTestFinished } from 'vitest'

/** A cluster of one, closed when the test ends. */
export async function soleMember<Machine extends MachineModule>(machine: Machine): Promise<Replica<Machine>> {
  const replica = await createReplica({
    id: 'n1',
    members: { n1: 'n1:1' },
    machine,
    protocol: raft(),
    transport: memoryTransport({ hub: memoryHub() }),
    storage: memoryStorage(),
  })
  onTestFinished(() => replica.close())
  return replica
}

/** Resolves when the condition holds; the test's own time limit ends a wait that is in vain. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await nodeEnvironment().yieldTurn()
}
