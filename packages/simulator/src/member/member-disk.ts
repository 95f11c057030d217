import { forgetfulFiles, type DiskImage, type FileOperation, type ForgetfulFiles } from '@quorate/conformance'
import type { Environment, Random } from '@quorate/contracts'

/** Something that will happen at a file operation to come. */
export interface Trap {
  readonly operation: FileOperation
  /** How many such operations pass before it. */
  passes: number
  /** What it does; a code makes the operation fail. */
  readonly spring: () => string | null
}

const roomBytes = 2 ** 40
const healthySyncMs = { min: 0, max: 2 }

/** How a disk is. */
export interface DiskTraits {
  /** How long a sync takes, in milliseconds. */
  readonly syncMs: { readonly min: number; readonly max: number }
  /** What a power cut leaves of what was not synced. */
  readonly keeps: 'nothing' | 'some'
}

/** The disk of one machine: forgets what was not synced, stalls, gets full, fails at the operation it is told to. */
export class MemberDisk {
  readonly files: ForgetfulFiles
  readonly #environment: Environment
  readonly #traps: Trap[] = []
  #syncMs: DiskTraits['syncMs']
  #stalledUntilMs = 0
  #isFull = false
  #hasFailed = false

  /** `onOperation` hears of everything that is done to its files. */
  constructor(
    random: Random,
    environment: Environment,
    { syncMs, keeps }: DiskTraits,
    onOperation: (operation: FileOperation, path: string) => void,
  ) {
    this.#environment = environment
    this.#syncMs = syncMs
    const dice = random.fork()
    this.files = forgetfulFiles(random.state(), {
      environment,
      keeps,
      fileIds: true,
      syncMs: () => {
        const stallMs = Math.max(0, this.#stalledUntilMs - environment.monotonicMs())
        const { min, max } = this.#syncMs
        return stallMs + min + dice.nextInt(max - min + 1)
      },
      fail: (operation, path) => {
        onOperation(operation, path)
        return this.#springOf(operation)
      },
    })
  }

  /** Syncs that begin within the next `ms` milliseconds end after them. */
  stall(ms: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.#environment.monotonicMs() + ms)
  }

  /** True if a program that gave up on this disk was right to do so. */
  get hasFailed(): boolean {
    return this.#hasFailed
  }

  /** Another program begins with it, which has seen no error yet. */
  begin(): void {
    this.#hasFailed = this.#isFull
  }

  /** An operation fails with this code. */
  failWith(code: string): string {
    this.#hasFailed = true
    return code
  }

  /** So many bytes are left. */
  fill(freeBytes: number): void {
    this.#isFull = true
    this.#hasFailed = true
    this.files.setFreeBytes(freeBytes)
  }

  empty(): void {
    this.#isFull = false
    this.files.setFreeBytes(roomBytes)
  }

  /** It has room, and nothing lies in wait any more. */
  renew(): void {
    this.#stalledUntilMs = 0
    this.#traps.length = 0
    this.empty()
  }

  /** The same, and it is quick. */
  relieve(): void {
    this.#syncMs = healthySyncMs
    this.renew()
  }

  set(trap: Trap): void {
    this.#traps.push(trap)
  }

  /** True if there is a file of this name. */
  has(path: string): boolean {
    return this.files.bytesOf(path) !== null
  }

  /** A copy of all that is on it. */
  image(): DiskImage {
    return this.files.image()
  }

  /** Somebody puts an older copy in the place of all that is on it. Nobody may be running on it. */
  putBack(image: DiskImage, ids: 'kept' | 'new'): void {
    this.files.putBack(image, ids)
  }

  /** A new disk is put in, with nothing on it. Nobody may be running on the old one. */
  replace(): void {
    this.remove('/')
  }

  /** Deletes everything below a directory. Nobody may be running there. */
  remove(directory: string): void {
    for (const path of this.files.files('durable').keys()) {
      if (path.startsWith(directory)) this.files.tamper(path, () => null)
    }
  }

  /** Flips a bit of a file that nobody is writing. Returns which; null if there is none. */
  rot(family: 'journal' | 'snapshot', bit: number): string | null {
    const found = [...this.files.files('durable')].filter(
      ([path]) => path.includes(`/${family}-`) && !path.endsWith('.tmp'),
    )
    const cold = family === 'journal' ? found.slice(0, -1) : found
    const [path, bytes] = cold.at(-1) ?? []
    if (path === undefined || bytes === undefined || bytes.length === 0) return null
    const at = bit % (bytes.length * 8)
    this.files.flipBit(path, at)
    return `bit ${at} of ${path}`
  }

  #springOf(operation: FileOperation): string | null {
    for (const [at, trap] of this.#traps.entries()) {
      if (trap.operation !== operation) continue
      if (trap.passes > 0) {
        trap.passes -= 1
        continue
      }
      this.#traps.splice(at, 1)
      return trap.spring()
    }
    return null
  }
}
