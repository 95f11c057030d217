import { z } from 'zod'
import type { History } from './history.js'
import {
  counters,
  keyValueStores,
  registers,
  withModel,
  type Heading,
  type NamedModel,
  type ReadHistory,
} from './reading.js'
import { recordHistory, type OperationId } from './recorder.js'

const id = z.union([z.number(), z.string()])

/** The first line of a recorded run. */
export const headingSchema = z.strictObject({
  history: z.string(),
  version: z.literal(1),
  model: z.string().optional(),
  /** Where the model begins: a register's value, a counter's number. */
  initial: z.unknown().optional(),
  linearizable: z.boolean().optional(),
})

/** Any later line of it: a call, or how one ended. The order of lines is the order of events. */
export const eventSchema = z.union([
  z.strictObject({ invoke: id, process: id, input: z.unknown() }),
  z.strictObject({ complete: id, output: z.unknown().optional() }),
  z.strictObject({ fail: id }),
  z.strictObject({ unknown: id }),
])

export type RunEvent = z.output<typeof eventSchema>

/** A recorded run of which the rest is still to come. */
export interface OpenRun {
  /** Throws a `TypeError` or a `ZodError` for an event that cannot be. */
  onEvent(event: RunEvent): void
  finish(): ReadHistory
}

/** Begins to read a recorded run. */
export function openRun(heading: Heading, initial: unknown): OpenRun {
  switch (heading.model) {
    case 'register':
    case 'cas-register':
      return new TypedRun(heading, registers, initial)
    case 'key-value':
      return new TypedRun(heading, keyValueStores, initial)
    case 'counter':
      return new TypedRun(heading, counters, initial)
    default:
      throw new TypeError(`there is no model "${heading.model}": it is one of ${modelNames.join(', ')}`)
  }
}

/** The models that a file, or the command line, may name. */
export const modelNames = ['register', 'cas-register', 'key-value', 'counter'] as const

class TypedRun<State, Input, Output> implements OpenRun {
  readonly #heading: Heading
  readonly #named: NamedModel<State, Input, Output>
  readonly #model: ReturnType<NamedModel<State, Input, Output>['create']>
  readonly #recorder = recordHistory<Input, Output>()
  readonly #ids = new Map<number | string, OperationId>()

  constructor(heading: Heading, named: NamedModel<State, Input, Output>, initial: unknown) {
    this.#heading = heading
    this.#named = named
    this.#model = named.create(initial)
  }

  onEvent(event: RunEvent): void {
    if ('invoke' in event) {
      if (this.#ids.has(event.invoke)) throw new TypeError(`operation ${event.invoke} was invoked before`)
      this.#ids.set(event.invoke, this.#recorder.invoke(event.process, this.#named.input.parse(event.input)))
    } else if ('complete' in event) {
      this.#recorder.complete(this.#idOf(event.complete), this.#named.output.parse(event.output))
    } else if ('fail' in event) {
      this.#recorder.fail(this.#idOf(event.fail))
    } else {
      this.#recorder.unknown(this.#idOf(event.unknown))
    }
  }

  finish(): ReadHistory {
    return withModel(this.#heading, this.#recorder.history(), this.#model)
  }

  #idOf(name: number | string): OperationId {
    const found = this.#ids.get(name)
    if (found === undefined) throw new TypeError(`operation ${name} was never invoked`)
    return found
  }
}

/** What {@link writeRun} says of a history beside its operations. */
export interface RunHeading {
  readonly history: string
  readonly model: (typeof modelNames)[number]
  readonly initial?: unknown
  readonly linearizable?: boolean
}

/**
 * A history as the lines of a recorded run, for a file. What it holds must be JSON; whoever reads it back gets the same
 * history, with its stamps counted anew.
 */
export function writeRun(heading: RunHeading, history: History<unknown, unknown>): string[] {
  const events = history.flatMap(({ process, input, outcome, invokedAt, returnedAt }, at): StampedEvent[] => {
    const call: StampedEvent = { stamp: invokedAt, isReturn: false, event: { invoke: at + 1, process, input } }
    if (outcome.kind === 'unknown') return [call, { ...call, event: { unknown: at + 1 } }]
    return [call, { stamp: returnedAt ?? 0, isReturn: true, event: { complete: at + 1, output: outcome.output } }]
  })
  // At equal stamps calls come first: they count as concurrent.
  events.sort((one, other) => one.stamp - other.stamp || Number(one.isReturn) - Number(other.isReturn))
  return [{ ...heading, version: 1 }, ...events.map(({ event }) => event)].map((each) => JSON.stringify(each))
}

interface StampedEvent {
  readonly stamp: number
  readonly isReturn: boolean
  readonly event: RunEvent
}
