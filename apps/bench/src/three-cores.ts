import {
  nodeId,
  seededRandom,
  sequence,
  sortedMembers,
  token,
  type NodeId,
  type Outgoing,
  type Position,
  type Protocol,
} from '@quorate/contracts'
import { raft, type RaftAdmin, type RaftMessage } from '@quorate/raft'

const ids = ['n1', 'n2', 'n3'].map(nodeId)
const members = sortedMembers(
  ids.map((id) => ({ id, address: `${id}:1`, clientAddress: null, incarnation: null, role: 'voter' as const })),
)
/** Entries of the log that a compaction keeps, and at how many it is due. */
const [keptEntries, entriesMax] = [1_000, 20_000]
const module = raft({ tailEntriesMax: keptEntries })

interface Member {
  readonly id: NodeId
  readonly core: Protocol<RaftMessage, RaftAdmin>
  commands: number
  compactedAt: number
}

/**
 * Three Raft cores in one process, without disks, sockets or a driver: what is to be made durable is durable at once, and
 * messages are handed over, as they are or through the codec. The log is compacted now and then. n1 leads.
 */
export class ThreeCores {
  readonly #usesCodec: boolean
  readonly #members: readonly Member[]
  readonly #byId: ReadonlyMap<NodeId, Member>
  readonly #leader: Member
  #tokens = 0

  constructor(usesCodec: boolean) {
    this.#usesCodec = usesCodec
    this.#members = ids.map((id) => ({
      id,
      core: module
        .recover({
          self: id,
          incarnation: 'i',
          bootstrap: members,
          snapshot: null,
          random: seededRandom(id),
          tickMs: 10,
        })
        .finish(),
      commands: 0,
      compactedAt: 0,
    }))
    this.#byId = new Map(this.#members.map((member) => [member.id, member]))
    this.#leader = this.#memberOf(nodeId('n1'))
    this.#leader.core.step({ kind: 'admin', token: token(0), command: { kind: 'campaign' } })
    this.#work()
  }

  /** Commits and delivers `count` commands of these bytes on all three members, `batch` proposals at a time. */
  commit(count: number, batch: number, data: Uint8Array): void {
    const wanted = this.#leader.commands + count
    for (let left = count; left > 0; left -= batch) {
      const { core } = this.#leader
      for (let at = Math.min(batch, left); at > 0; at -= 1) {
        core.step({ kind: 'propose', token: token((this.#tokens += 1)), command: data })
      }
      this.#work()
    }
    for (const { id, commands } of this.#members) {
      if (commands !== wanted) throw new Error(`${id} delivered ${commands} commands instead of ${wanted}`)
    }
  }

  #work(): void {
    for (let isAtRest = false; !isAtRest;) {
      isAtRest = true
      for (const member of this.#members) {
        while (member.core.hasReady()) {
          isAtRest = false
          this.#take(member)
        }
      }
    }
  }

  #take(member: Member): void {
    const { core } = member
    const ready = core.takeReady()
    this.#carry(member.id, ready.messages)
    if (ready.records.length > 0) {
      core.step({ kind: 'persisted', sequence: sequence(ready.firstSequence + ready.records.length - 1) })
    }
    this.#carry(member.id, ready.messagesAfterPersist)
    for (const { command } of ready.committed) if (command !== null) member.commands += 1
    const last = ready.committed.at(-1)
    if (!last) return
    core.step({ kind: 'applied', position: last.position })
    if (last.position > member.compactedAt - keptEntries + entriesMax) this.#compact(member, last.position)
  }

  /** In large steps, so that what it costs to forget is not what is measured. */
  #compact(member: Member, at: Position): void {
    const meta = member.core.snapshotMeta(at)
    if (!meta) throw new Error(`${member.id} has no snapshot of ${at}`)
    member.core.step({ kind: 'snapshotSaved', meta })
    member.compactedAt = at
  }

  #carry(from: NodeId, outgoing: readonly Outgoing<RaftMessage>[]): void {
    for (const { to, message } of outgoing) {
      const carried = this.#usesCodec ? module.decode(module.encode(message, 0)) : message
      this.#memberOf(to).core.step({ kind: 'receive', from, message: carried })
    }
  }

  #memberOf(id: NodeId): Member {
    const member = this.#byId.get(id)
    if (!member) throw new Error(`there is no ${id}`)
    return member
  }
}
