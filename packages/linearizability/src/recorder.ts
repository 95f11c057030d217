import type { History, Operation, ProcessId } from './history.js'

/** Names an operation within one recording. */
export type OperationId = number

/**
 * Records what clients do, while they do it. Order stamps are counted here, one for each event: record a call **before**
 * it leaves the client and its end **after** it came back, and the history claims no more than what was seen.
 *
 * A process has one operation at a time: `invoke` throws a `TypeError` while its last one is open. One whose operation ended
 * as `unknown` goes on under the same name; for the history it makes no difference, because the unknown one stays open
 * to the end.
 */
export interface Recorder<Input, Output> {
  invoke(process: ProcessId, input: Input): OperationId
  /** It happened, and this came back. */
  complete(id: OperationId, output: Output): void
  /** It certainly did not happen, and never will: it is in no history. */
  fail(id: OperationId): void
  /** It may have happened, or may still: a timeout, a lost connection. */
  unknown(id: OperationId): void
  /** What was recorded until now, in the order of calls. What is open has an unknown outcome. */
  history(): History<Input, Output>
}

interface Open<Input> {
  readonly process: ProcessId
  readonly input: Input
  readonly invokedAt: number
}

/** Begins a recording. */
export function recordHistory<Input, Output>(): Recorder<Input, Output> {
  const open = new Map<OperationId, Open<Input>>()
  const busy = new Map<ProcessId, OperationId>()
  const ended = new Map<OperationId, Operation<Input, Output>>()
  let stamp = 0
  let ids = 0

  const unknownOf = (operation: Open<Input>): Operation<Input, Output> => ({
    ...operation,
    outcome: { kind: 'unknown' },
    returnedAt: null,
  })
  const end = (id: OperationId): Open<Input> => {
    const operation = open.get(id)
    if (operation === undefined) throw new TypeError(`operation ${id} has ended already, or was never invoked`)
    open.delete(id)
    busy.delete(operation.process)
    return operation
  }
  return {
    invoke(process, input) {
      const before = busy.get(process)
      if (before !== undefined) {
        throw new TypeError(`process ${process} has operation ${before} open; end it before the next one`)
      }
      const id = (ids += 1)
      open.set(id, { process, input, invokedAt: (stamp += 1) })
      busy.set(process, id)
      return id
    },
    complete(id, output) {
      ended.set(id, { ...end(id), outcome: { kind: 'done', output }, returnedAt: (stamp += 1) })
    },
    fail(id) {
      end(id)
    },
    unknown(id) {
      ended.set(id, unknownOf(end(id)))
    },
    history() {
      const operations = [...ended.values(), ...[...open.values()].map(unknownOf)]
      return operations.sort((one, other) => one.invokedAt - other.invokedAt)
    },
  }
}
