import { assert } from '@quorate/contracts'
import { isFull } from './damage.js'
import { nameOf, unfinished } from './names.js'
import { pathIn, type Place } from './place.js'

const zeros = new Uint8Array(256 * 1024)

/** How often a full disk, or one that may get full, is looked at. */
const checkAfterMs = 1_000

/**
 * Files of zeros, written and synced ahead, that become segments of the journal (decision D14). So a disk that gets full
 * is noticed while there is still room to write: the leader stops proposing, and a follower goes on for a while.
 *
 * Zeros have to be written: a file that was only made longer owns no blocks.
 */
export class Reserve {
  readonly #place: Place
  readonly #ready: string[]
  #newest: number
  #isShort = false
  #isClosing = false
  #filling: Promise<void> | null = null
  #checkedAtMs = -Infinity
  #cancelTimer: () => void = () => {}

  /** `found`: files of zeros from an earlier life, finished and of the right size. */
  constructor(place: Place, found: readonly number[]) {
    this.#place = place
    this.#newest = found.at(-1) ?? 0
    this.#ready = found.map((ordinal) => nameOf('reserve', ordinal))
  }

  /** `low`: the disk gave no more room, or has little left; `full`: and nothing is in reserve. */
  get pressure(): 'none' | 'low' | 'full' {
    if (!this.#isShort) return 'none'
    return this.#ready.length > 0 || this.#place.settings.reserveSegments === 0 ? 'low' : 'full'
  }

  /** Hands out a file of zeros to become a segment. Fails when there is none and the disk is full. */
  async take(): Promise<string> {
    if (this.#ready.length === 0) await this.#filling
    if (this.#ready.length === 0) await this.#make()
    const name = this.#ready.shift()
    assert(name !== undefined, 'a reserve file was just made')
    return name
  }

  /** Looks at the disk and refills what is missing, in the background; at most once a second unless `now`. */
  maybeRefill(now: boolean): void {
    const nowMs = this.#place.settings.environment.monotonicMs()
    if (this.#isClosing || this.#filling || (!now && nowMs - this.#checkedAtMs < checkAfterMs)) return
    this.#checkedAtMs = nowMs
    this.#filling = this.#refill().finally(() => {
      this.#filling = null
    })
  }

  /** Looks at the disk once, before anybody relies on `pressure`. */
  async measure(): Promise<void> {
    this.#isShort = (await this.#freeBytes()) < this.#place.settings.freeBytesMin
  }

  async close(): Promise<void> {
    this.#isClosing = true
    this.#cancelTimer()
    await this.#filling
  }

  async #refill(): Promise<void> {
    this.#cancelTimer()
    try {
      const isComplete = await this.#wasCompleted()
      this.#isShort = !isComplete || (await this.#freeBytes()) < this.#place.settings.freeBytesMin
    } catch (error) {
      this.#place.failStop.fail('writing the reserve of the journal', error)
      return
    }
    if (!this.#isShort || this.#isClosing) return
    this.#cancelTimer = this.#place.settings.environment.setTimer(checkAfterMs, () => this.maybeRefill(true))
  }

  /**
   * Makes what is missing; false if the disk is too full for that. Zeros must not take the last room from the identity and
   * the snapshots, so it does not even try unless as much as it takes would be left.
   */
  async #wasCompleted(): Promise<boolean> {
    const { reserveSegments, segmentBytes } = this.#place.settings
    try {
      while (!this.#isClosing && this.#ready.length < reserveSegments) {
        if ((await this.#freeBytes()) < 2 * segmentBytes) return false
        await this.#make()
      }
      return true
    } catch (error) {
      if (isFull(error)) return false
      throw error
    }
  }

  /** A file system that cannot tell has room until it refuses. */
  async #freeBytes(): Promise<number> {
    const { files, directory } = this.#place.settings
    return files.freeBytes(directory).catch(() => Infinity)
  }

  async #make(): Promise<void> {
    const { files, directory } = this.#place.settings
    this.#newest += 1
    const name = nameOf('reserve', this.#newest)
    const path = pathIn(this.#place, name)
    await this.#writeZeros(path + unfinished)
    // A directory that could not be synced may have forgotten other names too, of which nobody would hear again (D5, W15).
    await this.#place.failStop.guard('naming a file of the reserve', async () => {
      await files.rename(path + unfinished, path)
      await files.syncDirectory(directory)
    })
    this.#ready.push(name)
  }

  async #writeZeros(path: string): Promise<void> {
    const { files, segmentBytes } = this.#place.settings
    const file = await files.open(path, 'create')
    try {
      for (let offset = 0; offset < segmentBytes; offset += zeros.length) {
        await file.write(offset, [zeros.subarray(0, Math.min(zeros.length, segmentBytes - offset))])
      }
      await file.datasync()
      await file.close()
    } catch (error) {
      await file.close().catch(() => undefined)
      await files.unlink(path).catch(() => undefined)
      throw error
    }
  }
}
