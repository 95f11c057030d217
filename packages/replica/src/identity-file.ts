import {
  hexOfBytes,
  QuorateError,
  type Environment,
  type Members,
  type NodeId,
  type OpenStorage,
} from '@quorate/contracts'
import { decodeIdentity, encodeIdentity, type Identity, type PeerLife } from './identity.js'

/** How many records a journal grows by at most while its member is not heard. */
export const recordsStepMax = 2 ** 40

/** The identity as it stands on disk. Saves go one after the other, each of what is then the newest. */
export class IdentityFile {
  readonly #storage: OpenStorage
  #identity: Identity
  /** What peers have vouched for since it was written. */
  readonly #heard = new Map<NodeId, number>()
  #saving: Promise<void> = Promise.resolve()

  private constructor(storage: OpenStorage, identity: Identity) {
    this.#storage = storage
    this.#identity = identity
  }

  /**
   * Takes the place for this member: makes an identity in a new one, refuses one that belongs to somebody else, and
   * counts this start durably, before the protocol takes its first step. What was learned of those in `forget` is gone.
   */
  static async claim(
    storage: OpenStorage,
    environment: Environment,
    claim: { readonly clusterId: string; readonly self: NodeId; readonly founders: Members },
    forget: readonly NodeId[] = [],
  ): Promise<IdentityFile> {
    const found = storage.identity === null ? null : decodeIdentity(storage.identity)
    if (found) refuseForeign(found, claim)
    const identity: Identity = found
      ? { ...found, starts: found.starts + 1, peers: withoutThese(found.peers, forget) }
      : { ...claim, incarnation: hexOfBytes(environment.randomBytes(16)), starts: 1, peers: new Map() }
    await storage.saveIdentity(encodeIdentity(identity))
    return new IdentityFile(storage, identity)
  }

  get current(): Identity {
    return this.#identity
  }

  /** What is known of a peer's life, kept or not; null: nothing. */
  lifeOf(peer: NodeId): PeerLife | null {
    const life = this.#identity.peers.get(peer)
    return life ? { ...life, persisted: Math.max(life.persisted, this.#heard.get(peer) ?? 0) } : null
  }

  /**
   * A peer vouches for the records of its journal up to this one. Known at once, and kept by {@link keep}. What no journal
   * can have come to since it was last heard is not believed: the peer itself would be refused by it (decision 0017).
   */
  hear(peer: NodeId, persisted: number): void {
    const heard = this.#heard.get(peer) ?? 0
    if (persisted <= heard) return
    const known = Math.max(heard, this.#identity.peers.get(peer)?.persisted ?? 0)
    if (persisted <= known + recordsStepMax) this.#heard.set(peer, persisted)
  }

  /** Founders of the same ids at other addresses take the place of those that were kept. Durable on return. */
  async correctFounders(founders: Members): Promise<void> {
    if (JSON.stringify(founders) === JSON.stringify(this.#identity.founders)) return
    this.#identity = { ...this.#identity, founders }
    this.#saving = this.#saving.then(() => this.#storage.saveIdentity(encodeIdentity(this.#identity)))
    await this.#saving
  }

  /** Remembers a peer's life. Durable on return. */
  async learn(peer: NodeId, life: PeerLife): Promise<void> {
    if (this.#identity.peers.get(peer)?.incarnation !== life.incarnation) this.#heard.delete(peer)
    this.#identity = { ...this.#identity, peers: new Map(this.#identity.peers).set(peer, life) }
    await this.#save()
  }

  /** Makes durable what peers have vouched for. Nothing is written if there is nothing new. */
  async keep(): Promise<void> {
    const peers = new Map(this.#identity.peers)
    let isNews = false
    for (const [peer, life] of peers) {
      const persisted = this.#heard.get(peer) ?? 0
      if (persisted <= life.persisted) continue
      peers.set(peer, { ...life, persisted })
      isNews = true
    }
    if (!isNews) return
    this.#identity = { ...this.#identity, peers }
    await this.#save()
  }

  async #save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#storage.saveIdentity(encodeIdentity(this.#identity)))
    await this.#saving
  }
}

function withoutThese(peers: ReadonlyMap<NodeId, PeerLife>, ids: readonly NodeId[]): ReadonlyMap<NodeId, PeerLife> {
  return new Map([...peers].filter(([id]) => !ids.includes(id)))
}

function refuseForeign(found: Identity, claim: { readonly clusterId: string; readonly self: NodeId }): void {
  if (found.self !== claim.self) {
    const message = `the data belongs to member "${found.self}" and this is "${claim.self}": give this member a directory of its own`
    throw new QuorateError('WRONG_CLUSTER', message)
  }
  if (found.clusterId !== claim.clusterId) {
    const founders = found.founders.map((member) => member.id).join(', ')
    const message =
      `the data belongs to another cluster (${found.clusterId}, founded by ${founders}; this one is ${claim.clusterId}): ` +
      'check the options "cluster" and "members", or give this member a new directory'
    throw new QuorateError('WRONG_CLUSTER', message)
  }
}
