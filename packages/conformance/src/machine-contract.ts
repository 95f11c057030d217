import type { StateMachine } from '@quorate/contracts'
import type { TestFunction } from './contract.js'
import { determinismCases } from './machine-determinism.js'
import { MachineLife, type MachineCase } from './machine-life.js'
import { refusalCases } from './machine-refusals.js'
import { snapshotCases } from './machine-snapshots.js'
import { timeCases } from './machine-time.js'

/** What {@link machineContract} is given: a machine, and what may be said to it. */
export interface MachineContractOptions {
  readonly test: TestFunction
  /** A life in its initial state. A case may ask for several. */
  readonly factory: () => StateMachine
  /** Encoded commands that change the state, in an order in which they can be applied, also again and again. */
  readonly commands: readonly Uint8Array[]
  /** Encoded queries that can be answered after these commands, and before. */
  readonly queries: readonly Uint8Array[]
  /** Pairs of histories that end in equal states. Default none. */
  readonly equalHistories?: readonly (readonly [readonly Uint8Array[], readonly Uint8Array[]])[]
  /** Bytes that are no command. Default: none at all, and one byte that few codecs know. */
  readonly badCommands?: readonly Uint8Array[]
  /** Bytes that are no query. Default: as for commands. */
  readonly badQueries?: readonly Uint8Array[]
  /** Calls that encode an input that does not fit. Default none. */
  readonly badInputs?: readonly (() => unknown)[]
}

/** MessagePack and UTF-8 have no use for it. */
const nonsense = [new Uint8Array(), Uint8Array.of(0xc1)]

/**
 * What every state machine promises, as tests: results and state follow from the commands alone, a restored life is as
 * one that replayed them, a snapshot is canonical and of the moment of its call, queries change nothing,
 * and what expires is dropped when the time is told.
 */
export function machineContract(options: MachineContractOptions): void {
  const given: MachineCase = {
    another: () => new MachineLife(options.factory()),
    commands: options.commands,
    queries: options.queries,
    equalHistories: options.equalHistories ?? [],
    badCommands: options.badCommands ?? nonsense,
    badQueries: options.badQueries ?? nonsense,
    badInputs: options.badInputs ?? [],
  }
  for (const { claim, needs, run } of [...determinismCases, ...snapshotCases, ...timeCases, ...refusalCases]) {
    if (needs && given[needs].length === 0) continue
    options.test(claim, () => run(given))
  }
}
