import { describeError, QuorateError } from './errors.js'
import type { StateMachine } from './state-machine.js'

/** How one command or query crosses the wire: the typed side of a state machine's bytes. */
export interface Operation<Input, Output> {
  /** False if it takes no input: callers then pass none. */
  readonly takesInput: boolean
  /** Version of the machine since which it exists; absent: since the first one. */
  readonly since?: number
  /** Checks the input with the machine's own schema and encodes the schema's output (decision D28). Throws `INVALID_COMMAND`. */
  encode(input: Input): Uint8Array
  decodeResult(result: Uint8Array): Output
}

/** Operations by name. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the widest operation: inputs are contravariant, so `unknown` would refuse every real one
export type Operations = Readonly<Record<string, Operation<any, unknown>>>

/** A machine as it is written down once: makes any number of lives of it, and types what callers say to it. */
export interface MachineModule<Commands extends Operations = Operations, Queries extends Operations = Operations> {
  readonly name: string
  /** The newest version that this code knows. What the cluster runs at is replicated (decision D26). */
  readonly version: number
  readonly codec: string
  readonly commands: Commands
  readonly queries: Queries
  /**
   * Version since which the command in these bytes exists. Throws `INVALID_COMMAND` for bytes that are no command of this
   * machine. Asked before a command that somebody encoded elsewhere is proposed (decisions D26, D28). May be absent: then
   * whatever comes is taken for a command of the first version.
   */
  sinceOf?(command: Uint8Array): number
  /** A new life in the initial state. */
  create(): StateMachine
}

/** What a caller passes to an operation: nothing, or its input. */
type Arguments<Input, Options> = [Input] extends [void] ? [options?: Options] : [input: Input, options?: Options]

/** The operations of a machine as functions. */
export type Calls<Of extends Operations, Options> = {
  readonly [Name in keyof Of]: Of[Name] extends Operation<infer Input, infer Output>
    ? (...given: Arguments<Input, Options>) => Promise<Output>
    : never
}

/** One call of an operation, checked and encoded. */
export interface Called {
  readonly name: string
  /** As the machine encodes it. */
  readonly request: Uint8Array
  /** The input as its caller wrote it, for a way that has a form of its own for inputs. */
  readonly input: unknown
  /** Reads the result. Throws whatever it likes for bytes that are none. */
  readonly decode: (result: Uint8Array) => unknown
}

/** Binds every operation to one way of carrying it out, which reads the result itself: it may go on when it cannot. */
export function bindDecoded<Of extends Operations, Options>(
  operations: Of,
  carryOut: (called: Called, options: Options | undefined) => Promise<unknown>,
): Calls<Of, Options> {
  const calls: Record<string, (...given: unknown[]) => Promise<unknown>> = {}
  for (const [name, operation] of Object.entries(operations)) {
    calls[name] = async (...given) => {
      const [input, options] = operation.takesInput ? given : [undefined, given[0]]
      const decode = (result: Uint8Array): unknown => operation.decodeResult(result)
      return carryOut({ name, request: operation.encode(input), input, decode }, options as Options | undefined)
    }
  }
  return Object.freeze(calls) as Calls<Of, Options>
}

/** Binds every operation to one way of carrying it out. A result that cannot be read is `INTERNAL`: it was carried out. */
export function bindCalls<Of extends Operations, Options>(
  operations: Of,
  carryOut: (request: Uint8Array, options: Options | undefined, name: string, input: unknown) => Promise<Uint8Array>,
): Calls<Of, Options> {
  return bindDecoded<Of, Options>(operations, async ({ request, name, input, decode }, options) => {
    const result = await carryOut(request, options, name, input)
    try {
      return decode(result)
    } catch (error) {
      const message = `the result of "${name}" cannot be read: ${describeError(error)}`
      throw new QuorateError('INTERNAL', message, { outcome: 'unknown', cause: error })
    }
  })
}
