import {
  clusterTime,
  concatBytes,
  position,
  seededRandom,
  type ApplyContext,
  type StateMachine,
} from '@quorate/contracts'
import { expectClaim } from './contract.js'

/** What a case of the contract works with. */
export interface MachineCase {
  /** A life in its initial state. */
  readonly another: () => MachineLife
  readonly commands: readonly Uint8Array[]
  readonly queries: readonly Uint8Array[]
  readonly equalHistories: readonly (readonly [readonly Uint8Array[], readonly Uint8Array[]])[]
  readonly badCommands: readonly Uint8Array[]
  readonly badQueries: readonly Uint8Array[]
  readonly badInputs: readonly (() => unknown)[]
}

/** One promise of a machine. */
export interface MachineClaim {
  readonly claim: string
  /** Left out if the caller has given no such pairs or inputs. */
  readonly needs?: 'equalHistories' | 'badInputs'
  readonly run: (given: MachineCase) => Promise<void>
}

/** One life of a machine, given commands as a driver gives them. */
export class MachineLife {
  readonly machine: StateMachine
  #applied = 0

  /** A life at the newest version: every command exists. */
  constructor(machine: StateMachine) {
    machine.activate(machine.version)
    this.machine = machine
  }

  /** The results. Positions, times and dice depend on nothing but how many commands came before. */
  run(commands: readonly Uint8Array[]): Uint8Array[] {
    return commands.map((command) => {
      this.#applied += 1
      return this.machine.apply(command, this.#context(this.#applied * 1_000))
    })
  }

  /** Time passes up to here, in cluster time. */
  tell(time: number): void {
    this.#applied += 1
    this.machine.expire(this.#context(Math.max(time, this.#applied * 1_000)))
  }

  ask(queries: readonly Uint8Array[]): Uint8Array[] {
    return queries.map((query) => this.machine.query(query))
  }

  image(): Promise<Uint8Array> {
    return bytesOf(this.machine.snapshot())
  }

  /** Takes over the state of another life, through an image in chunks of this size. */
  async restore(other: MachineLife, chunkBytes = 1_000): Promise<void> {
    await this.machine.restore(chunksOf(await other.image(), chunkBytes), other.machine.activeVersion)
    this.#applied = other.#applied
  }

  #context(time: number): ApplyContext {
    return {
      position: position(this.#applied),
      clusterTime: clusterTime(time),
      wallMs: 1_000_000 + time,
      random: seededRandom(this.#applied),
    }
  }
}

/** An image read to its end. */
export async function bytesOf(image: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of image) chunks.push(chunk)
  return concatBytes(chunks)
}

/** An image in chunks of some size. */
export async function* chunksOf(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.slice(at, at + chunkBytes)
}

/** Fails unless both are the same bytes, one by one. */
export function expectEqual(left: readonly Uint8Array[], right: readonly Uint8Array[], what: string): void {
  const at = left.findIndex((bytes, each) => !isSame(bytes, right[each]))
  expectClaim(left.length === right.length && at < 0, `${what}: number ${at + 1} of ${left.length} differs`)
}

/** Fails unless both lives have the same state, as far as anybody can see. */
export async function expectSameState(left: MachineLife, right: MachineLife, what: string): Promise<void> {
  const [leftImage, rightImage] = [await left.image(), await right.image()]
  if (!isSame(leftImage, rightImage)) {
    const where = await left.machine.describeDifference?.(chunksOf(rightImage, 1_000))
    expectClaim(false, `${what}: their snapshots differ${where ? `: ${where}` : ''}`)
  }
  const [one, other] = [left.machine.nextDeadline(), right.machine.nextDeadline()]
  expectClaim(one === other, `${what}: their deadlines are ${one ?? 'none'} and ${other ?? 'none'}`)
}

function isSame(left: Uint8Array, right: Uint8Array | undefined): boolean {
  return right !== undefined && left.length === right.length && left.every((byte, at) => byte === right[at])
}
