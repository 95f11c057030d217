import type { VirtualTime } from '@quorate/conformance'
import { nodeId, seededRandom, type ForceMembers, type MachineModule, type Storage } from '@quorate/contracts'
import { planCluster } from '@quorate/replica'
import { fileStorage, fileStorageOptionsSchema, readRemains } from '@quorate/storage-file'
import type { Counters } from '../counters.js'
import { addressOf, clientAddressOf, type Member } from '../member/member.js'
import { Dice } from '../plan/dice.js'
import type { Fault } from '../plan/fault.js'
import { Violation } from '../violation.js'
import type { Cluster } from './cluster.js'
import { watchedStorage } from './watched-storage.js'
import type { Witness } from './witness.js'

/** What it takes to put another cluster in the place of one. */
export interface ReplacementParts<Machine extends MachineModule> {
  readonly cluster: Cluster<Machine>
  readonly environment: VirtualTime['environment']
  readonly counters: Counters
  readonly witness: Witness
  /** Null if the protocol does not say how a cluster goes on that has lost its majority. */
  readonly forceMembers: ForceMembers | null
  /** Whoever asks lives on; `keepsAcknowledged`: so does all that was acknowledged. */
  onReplaced(keepsAcknowledged: boolean): void
}

/** How the next cluster begins. */
interface Beginning {
  /** What stands up to there was decided for certain. */
  readonly beginsAt: number
  /** A majority survived, so all that was acknowledged is there. */
  readonly keepsAcknowledged: boolean
}

const nothing: Beginning = { beginsAt: 0, keepsAcknowledged: false }

type ReplaceFault = Extract<Fault, { kind: 'replaceCluster' }>

/** Ends a cluster for good, and lets another one begin at its addresses, as an operator does who has lost the first one. */
export class Replacement<Machine extends MachineModule> {
  readonly #parts: ReplacementParts<Machine>
  #before = 0

  constructor(parts: ReplacementParts<Machine>) {
    this.#parts = parts
  }

  begin(fault: ReplaceFault): void {
    const { cluster, environment, counters, witness, forceMembers } = this.#parts
    this.#before += 1
    const directory = `/data-${this.#before}`
    const name = fault.how === 'anew' ? 'quorate' : `quorate-${this.#before}`
    counters.add(`a cluster is replaced: ${fault.how}`)
    cluster.halt()
    for (const member of cluster.members) {
      member.disk.renew()
      member.records.begin()
    }
    const writes = fault.how === 'recovered' && forceMembers !== null
    const written = writes ? this.#recover(fault, { name, directory, forceMembers }) : Promise.resolve(nothing)
    written.then(
      ({ beginsAt, keepsAcknowledged }) => {
        environment.setTimer(fault.forMs, () => {
          cluster.begin({ name, directory, beginsAt })
          this.#parts.onReplaced(keepsAcknowledged)
          for (const member of cluster.members) cluster.start(member)
        })
      },
      (error: unknown) =>
        witness.fail(new Violation('what is left of a cluster cannot be gone on with', { cause: error })),
    )
  }

  /** Writes what the next cluster begins with. */
  async #recover(
    { survivors, atMs }: ReplaceFault,
    next: { readonly name: string; readonly directory: string; readonly forceMembers: ForceMembers },
  ): Promise<Beginning> {
    const { cluster, environment } = this.#parts
    const dice = new Dice(seededRandom(`survivors ${atMs}`))
    const left = [...cluster.members]
    while (left.length > Math.min(survivors, cluster.members.length)) left.splice(dice.random.nextInt(left.length), 1)
    const started = left.filter(({ disk, directory }) => disk.has(`${directory}/identity`))
    if (started.length === 0) return nothing
    const remains = await Promise.all(
      started.map((member) => readRemains(fileStorageOptionsSchema.parse(this.#filesOf(member, member.directory)))),
    )
    const members = cluster.members.map(({ id }) => ({
      id: nodeId(id),
      address: addressOf(id),
      clientAddress: clientAddressOf(id),
      incarnation: null,
      role: 'voter' as const,
    }))
    const { forceMembers, name, directory } = next
    const plan = await planCluster(remains, { cluster: name, members, forceMembers, environment })
    for (const member of cluster.members) await plan.seed(nodeId(member.id), this.#storageOf(member, directory))
    const keepsAcknowledged = started.length * 2 > cluster.members.length
    return { beginsAt: plan.beginning.snapshot?.position ?? 0, keepsAcknowledged }
  }

  #storageOf(member: Member<Machine>, directory: string): Storage {
    return watchedStorage(fileStorage(this.#filesOf(member, directory)), {
      onDurable: (batch) => member.records.onDurable(batch),
    })
  }

  #filesOf(member: Member<Machine>, directory: string): Parameters<typeof fileStorage>[0] {
    const { cluster, environment } = this.#parts
    return { directory, files: member.disk.files.mount(), environment, ...cluster.traits.storage }
  }
}
