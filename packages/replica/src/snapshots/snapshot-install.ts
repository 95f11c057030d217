import {
  describeError,
  QuorateError,
  type Environment,
  type OpenStorage,
  type Position,
  type SnapshotMeta,
  type SnapshotSource,
} from '@quorate/contracts'

const readBytes = 256 * 1024

/** What {@link SnapshotInstall} needs of the driver. */
export interface InstallHost {
  readonly environment: Environment
  readonly storage: Pick<OpenStorage, 'openSnapshot'>
  /** Replaces the state. */
  restore(image: AsyncIterable<Uint8Array>): Promise<void>
}

/**
 * Replaces the state by a snapshot of the storage, at a start and when the protocol says so. Until then it holds the
 * fetched image open, so that no release deletes it in between (section 9.5 of the ports).
 */
export class SnapshotInstall {
  readonly #host: InstallHost
  #held: { readonly at: Position; readonly source: SnapshotSource } | null = null

  constructor(host: InstallHost) {
    this.#host = host
  }

  get isHolding(): boolean {
    return this.#held !== null
  }

  /** Takes over an open image, and closes the one it held. */
  hold({ position }: SnapshotMeta, source: SnapshotSource): void {
    this.#letGo()
    this.#held = { at: position, source }
  }

  /** What is applied already will not be installed: the protocol has ignored it. */
  onApplied(at: Position): void {
    if (this.#held && this.#held.at <= at) this.#letGo()
  }

  /**
   * Restores the state from the image of this snapshot. Rejects with a fatal `QuorateError` if the image is not there,
   * cannot be read, or is none to the machine: the state is then of no use, and the replica has to stop.
   */
  async install({ position }: SnapshotMeta): Promise<void> {
    const held = this.#held?.at === position ? this.#held.source : null
    if (held) this.#held = null
    const source = held ?? (await this.#host.storage.openSnapshot(position))
    if (!source) {
      const message = `the snapshot at position ${position} is not in the storage, and the journal relies on it`
      throw new QuorateError('STORAGE_CORRUPT', message)
    }
    try {
      await this.#host.restore(imageOf(source, this.#host.environment))
    } catch (error) {
      throw asFatal(position, error)
    } finally {
      await source.close()
    }
  }

  /** Closes what it holds. */
  async close(): Promise<void> {
    const held = this.#held
    this.#held = null
    await held?.source.close()
  }

  /** An image that does not close was read to its end all the same; the storage closes what is left when it closes. */
  #letGo(): void {
    void this.close().catch(() => undefined)
  }
}

/** The bytes of an image, with a turn for others after each read. */
export async function* imageOf(source: SnapshotSource, environment: Environment): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < source.byteLength; offset += readBytes) {
    yield await source.read(offset, readBytes)
    await environment.yieldTurn()
  }
}

function asFatal(position: Position, error: unknown): QuorateError {
  if (error instanceof QuorateError && error.outcome === 'fatal') return error
  const message =
    `the state was not restored from the snapshot at position ${position}: ${describeError(error)}. ` +
    'Deploy the machine that wrote it, or a newer one'
  return new QuorateError('APPLY_FAILED', message, { cause: error })
}
