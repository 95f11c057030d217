import type { Position, Release, SnapshotMeta, SnapshotSink, SnapshotSource } from '@quorate/contracts'
import { corrupt } from './damage.js'
import { nameOf, unfinished } from './names.js'
import { pathIn, type Place } from './place.js'
import { FileSnapshotSink } from './snapshot-sink.js'
import { FileSnapshotSource } from './snapshot-source.js'

/** An image under its name. */
interface Image {
  readers: number
  /** Released: deleted when its last reader is done. */
  isDoomed: boolean
}

/** The images of a place. One is kept while a release relies on it or somebody reads it. */
export class Snapshots {
  readonly #place: Place
  readonly #images = new Map<number, Image>()
  /** What has a file open, to be closed with the storage. */
  readonly #sinks = new Set<SnapshotSink>()
  readonly #sources = new Set<SnapshotSource>()
  /** Sinks and sources that are being opened: the storage does not close before it can close these. */
  readonly #opening = new Set<Promise<unknown>>()
  #made = 0

  private constructor(place: Place) {
    this.#place = place
  }

  /**
   * Keeps exactly the image that the last durable release relies on, once it was read and found whole; anything less is
   * `STORAGE_CORRUPT`, because an older image would leave a hole (order 7.3).
   */
  static async open(
    place: Place,
    found: readonly number[],
    release: Release | null,
  ): Promise<{ snapshots: Snapshots; meta: SnapshotMeta | null }> {
    const snapshots = new Snapshots(place)
    const meta = release && (await snapshots.#adopt(found, release))
    return { snapshots, meta }
  }

  has(position: Position): boolean {
    return this.#images.get(position)?.isDoomed === false
  }

  createSink(meta: SnapshotMeta): Promise<SnapshotSink> {
    return this.#awaited(this.#createSink(meta))
  }

  openSource(position: Position): Promise<SnapshotSource | null> {
    return this.#awaited(this.#openSource(position))
  }

  /** Deletes the images below a release that is durable, or leaves them to their last readers (section 9.4 of the ports). */
  async forgetBelow(position: Position): Promise<void> {
    const released = [...this.#images].filter(([at]) => at < position)
    for (const [, image] of released) image.isDoomed = true
    await this.#deleteUnread(released.map(([at]) => at))
  }

  /** Lets go of every file, also when letting go of another has failed; the first failure is the one that is told. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#opening)
    const failures: unknown[] = []
    const failed = (error: unknown): void => void failures.push(error)
    for (const sink of [...this.#sinks]) await sink.abort().catch(failed)
    for (const source of [...this.#sources]) await source.close().catch(failed)
    if (failures.length > 0) throw failures[0]
  }

  #awaited<Opened>(opening: Promise<Opened>): Promise<Opened> {
    this.#opening.add(opening)
    const over = (): void => void this.#opening.delete(opening)
    opening.then(over, over)
    return opening
  }

  async #createSink(meta: SnapshotMeta): Promise<SnapshotSink> {
    const { files, directory } = this.#place.settings
    const path = pathIn(this.#place, nameOf('snapshot', meta.position))
    this.#made += 1
    const draft = `${path}-${this.#made}${unfinished}`
    const sink: SnapshotSink = await FileSnapshotSink.create(this.#place, draft, meta, {
      publish: () =>
        this.#place.failStop.guard(`giving ${path} its name`, async () => {
          await files.rename(draft, path)
          await files.syncDirectory(directory)
          this.#images.set(meta.position, { readers: this.#images.get(meta.position)?.readers ?? 0, isDoomed: false })
        }),
      onEnd: () => this.#sinks.delete(sink),
    })
    this.#sinks.add(sink)
    return sink
  }

  async #openSource(position: Position): Promise<SnapshotSource | null> {
    const image = this.#images.get(position)
    if (!image || image.isDoomed) return null
    image.readers += 1
    const path = pathIn(this.#place, nameOf('snapshot', position))
    try {
      const source: SnapshotSource = await FileSnapshotSource.open(this.#place, path, async () => {
        await this.#leave(position).finally(() => this.#sources.delete(source))
      })
      this.#sources.add(source)
      return source
    } catch (error) {
      await this.#leave(position)
      throw error
    }
  }

  async #adopt(found: readonly number[], { sequence, snapshot }: Release): Promise<SnapshotMeta> {
    const path = pathIn(this.#place, nameOf('snapshot', snapshot))
    if (!found.includes(snapshot)) {
      const expected = `the snapshot at position ${snapshot}, for which the records below ${sequence} were released`
      throw corrupt({ file: path, offset: 0, expected, found: 'no such file' })
    }
    const source = await FileSnapshotSource.open(this.#place, path)
    try {
      const { meta } = source.frame
      if (meta.position !== snapshot) {
        const expected = `position ${snapshot}, as it is named`
        throw corrupt({ file: path, offset: 32, expected, found: `position ${meta.position}` })
      }
      await source.verify()
      this.#images.set(snapshot, { readers: 0, isDoomed: false })
      return meta
    } finally {
      await source.close()
    }
  }

  async #leave(position: number): Promise<void> {
    const image = this.#images.get(position)
    if (!image) return
    image.readers -= 1
    await this.#deleteUnread([position])
  }

  async #deleteUnread(positions: readonly number[]): Promise<void> {
    const { files, directory } = this.#place.settings
    const unread = positions.filter((position) => {
      const image = this.#images.get(position)
      return image?.isDoomed === true && image.readers === 0
    })
    if (unread.length === 0) return
    await this.#place.failStop.guard('deleting a snapshot', async () => {
      for (const position of unread) {
        this.#images.delete(position)
        await files.unlink(pathIn(this.#place, nameOf('snapshot', position)))
      }
      await files.syncDirectory(directory)
    })
  }
}
