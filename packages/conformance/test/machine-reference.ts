import {
  ByteReader,
  ByteWriter,
  clusterTime,
  QuorateError,
  type ApplyContext,
  type ClusterTime,
  type StateMachine,
} from '@quorate/contracts'

/** What a machine may do wrong; the contract has to notice each. */
export type Sin =
  | 'counts its lives'
  | 'counts its lives in its state'
  | 'has a deadline of its own'
  | 'changes nothing'
  | 'writes in commands'
  | 'writes in queries'
  | 'counts queries'
  | 'answers by what was asked before'
  | 'keeps the order of arrival'
  | 'counts snapshots'
  | 'forgets a counter in its snapshot'
  | 'forgets its deadline in its snapshot'
  | 'restores onto what it has'
  | 'takes the first chunk for the image'
  | 'ends at an empty chunk'
  | 'is read late'
  | 'hands out the bytes that it changes'
  | 'says that it holds when it is large'
  | 'has one cursor for all snapshots'
  | 'keeps what it restored from in common'
  | 'answers whatever is asked'
  | 'refuses queries in other words'
  | 'changes when it refuses a query'
  | 'applies whatever comes'
  | 'refuses commands in other words'
  | 'changes when it refuses a command'
  | 'keeps what has expired'
  | 'drops by the ordinal of its life'

const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes)
const bytes = (of: string): Uint8Array => new ByteWriter().ascii(of).finish().slice(4)

/** Commands: `a:value` puts, `a` deletes. Queries: `a`. Every command is counted, and its count is its result. */
export const say = bytes

let lives = 0
let common: Map<string, string> | null = null

/** The smallest honest machine that the contract accepts, and what it becomes with a sin. */
export class ReferenceMachine implements StateMachine {
  readonly name = 'reference'
  readonly version = 1
  readonly activeVersion = 1
  readonly codec = 'text'
  readonly #sin: Sin | null
  readonly #ordinal = (lives += 1)
  #values = new Map<string, string>()
  #count = 0
  #deadline = 0
  #queries = 0
  #snapshots = 0
  #cursor = 0
  readonly #shared = new Uint8Array(100_000)

  constructor(sin: Sin | null) {
    this.#sin = sin
  }

  get snapshotHoldsApply(): boolean {
    return this.#sin === 'says that it holds when it is large' && this.#count > 5
  }

  apply(command: Uint8Array, context: ApplyContext): Uint8Array {
    const [key = '', value] = text(command).split(':')
    if (!/^[a-z]+$/.test(key) && this.#sin !== 'applies whatever comes') this.#refuse(key)
    if (this.#sin === 'changes nothing') return bytes('0')
    if (value === undefined) this.#values.delete(key)
    else this.#values.set(key, value)
    this.#count += 1
    this.#deadline = context.clusterTime + 1_000
    if (this.#sin === 'writes in commands') command[0] = 0
    return bytes(`${this.#count}${this.#sin === 'counts its lives' ? this.#ordinal : ''}${context.random.nextInt(9)}`)
  }

  #refuse(key: string): never {
    if (this.#sin === 'changes when it refuses a command') this.#count += 1
    if (this.#sin === 'refuses commands in other words') throw new TypeError(`"${key}" is no key`)
    throw new QuorateError('INVALID_COMMAND', `"${key}" is no key`)
  }

  /** There is one version. */
  activate(): void {}

  query(query: Uint8Array): Uint8Array {
    const key = text(query)
    if (!/^[a-z]+$/.test(key)) {
      if (this.#sin === 'changes when it refuses a query') this.#count += 1
      if (this.#sin === 'refuses queries in other words') throw new TypeError(`"${key}" is no key`)
      if (this.#sin !== 'answers whatever is asked') throw new QuorateError('INVALID_COMMAND', `"${key}" is no key`)
    }
    this.#queries += 1
    if (this.#sin === 'counts queries') this.#count += 1
    if (this.#sin === 'writes in queries') query[0] = 0
    const asked = this.#sin === 'answers by what was asked before' ? this.#queries : ''
    return bytes(`${this.#values.get(key) ?? 'none'}${asked}`)
  }

  snapshot(): AsyncIterable<Uint8Array> {
    this.#snapshots += 1
    if (this.#sin === 'counts snapshots') this.#count += 1
    if (this.#sin === 'has one cursor for all snapshots') this.#cursor = 0
    return this.#sin === 'is read late' ? this.#readLate() : this.#chunks(this.#written())
  }

  async restore(image: AsyncIterable<Uint8Array>): Promise<void> {
    const chunks: number[] = []
    for await (const chunk of image) {
      if (this.#sin === 'ends at an empty chunk' && chunk.length === 0 && chunks.length > 0) break
      chunks.push(...chunk)
      if (this.#sin === 'takes the first chunk for the image') break
    }
    const reader = new ByteReader(Uint8Array.from(chunks))
    const count = reader.u32()
    if (this.#sin !== 'forgets a counter in its snapshot') this.#count = count
    const deadline = reader.u32()
    if (this.#sin !== 'forgets its deadline in its snapshot') this.#deadline = deadline
    if (this.#sin !== 'restores onto what it has') this.#values = new Map()
    for (let left = reader.count(8); left > 0; left -= 1) this.#values.set(reader.ascii(), reader.ascii())
    if (this.#sin === 'keeps what it restored from in common') {
      common = common?.size === this.#values.size ? common : this.#values
      this.#values = common
    }
  }

  nextDeadline(): ClusterTime | null {
    if (this.#sin === 'has a deadline of its own') return clusterTime(this.#ordinal)
    return this.#deadline === 0 ? null : clusterTime(this.#deadline)
  }

  expire(context: ApplyContext): void {
    if (this.#sin === 'keeps what has expired' || this.#deadline > context.clusterTime) return
    if (this.#sin === 'drops by the ordinal of its life' && this.#ordinal % 2 === 0) this.#values.clear()
    this.#deadline = 0
  }

  #written(): Uint8Array {
    const entries = [...this.#values]
    if (this.#sin !== 'keeps the order of arrival') entries.sort(([left], [right]) => (left < right ? -1 : 1))
    const count = this.#count + (this.#sin === 'counts its lives in its state' ? this.#ordinal : 0)
    const writer = new ByteWriter().u32(count).u32(this.#deadline).u32(entries.length)
    for (const [key, value] of entries) writer.ascii(key).ascii(value)
    return writer.finish()
  }

  async *#readLate(): AsyncGenerator<Uint8Array> {
    yield* this.#chunks(this.#written())
  }

  async *#chunks(image: Uint8Array): AsyncGenerator<Uint8Array> {
    if (this.#sin === 'hands out the bytes that it changes') {
      this.#shared.set(image)
      image = this.#shared.subarray(0, image.length)
    }
    const isCommon = this.#sin === 'has one cursor for all snapshots'
    let at = 0
    for (;;) {
      if (isCommon) at = this.#cursor
      if (at >= image.length) return
      if (isCommon) this.#cursor += 5
      yield image.subarray(at, at + 5)
      at += 5
      await Promise.resolve()
    }
  }
}
