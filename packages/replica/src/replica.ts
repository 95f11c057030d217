/// <reference lib="esnext.disposable" preserve="true" />
import { bindCalls, nodeId, type Calls, type MachineModule, type NodeId, type Position } from '@quorate/contracts'
import type { Driver } from './driver.js'
import type { ReplicaEvents } from './events.js'
import type { SessionOptions } from './proposals.js'
import type { RequestOptions } from './requests.js'
import type { SessionHandle } from './sessions/handle.js'
import type { ReplicaStatus } from './status.js'

/** Options of one command. The deadline and the signal cover the whole operation. */
export interface CommandOptions extends RequestOptions {
  /**
   * For a caller that opened a session of its own and counts in it: the same count again is the same command, and gets
   * the same answer. Without it the replica uses sessions of its own.
   */
  readonly session?: SessionOptions
}

/** Options of one query. `local` answers from this member's own state, which may lag; `linearizable` never does. */
export interface QueryOptions extends RequestOptions {
  readonly consistency?: 'linearizable' | 'local'
}

/** A result as the machine encoded it, and the position of the state it comes from. */
export interface RawResult {
  readonly position: Position
  readonly result: Uint8Array
}

/** One running member of the cluster. */
export interface Replica<Machine extends MachineModule = MachineModule> {
  readonly id: NodeId
  /** The cluster that it belongs to, as 32 hexadecimal digits: commands and sessions of another one are refused. */
  readonly clusterId: string
  /** The machine's commands. Each resolves once it is committed, durable on a majority, and applied here. */
  readonly commands: Calls<Machine['commands'], CommandOptions>
  /** The machine's queries: linearizable unless asked otherwise. */
  readonly queries: Calls<Machine['queries'], QueryOptions>
  /** A command as the machine's codec wrote it. Rejects with `INVALID_COMMAND` what is none of this machine. */
  propose(command: Uint8Array, options?: CommandOptions): Promise<RawResult>
  /** A query as the machine's codec wrote it. */
  query(query: Uint8Array, options?: QueryOptions): Promise<RawResult>
  /**
   * Opens a session in the cluster, for {@link CommandOptions.session}. Sixteen bytes name it: the same bytes open the
   * same one, so that opening can be tried again. It ends by {@link closeSession}, or when no command of it was carried out
   * for `sessionTimeoutMs` of cluster time. Whoever has the handle can use the session: give it to nobody else.
   */
  openSession(nonce?: Uint8Array, options?: RequestOptions): Promise<SessionHandle>
  /** Ends a session: its answers are forgotten, and every later command of it is refused as `SESSION_EXPIRED`. */
  closeSession(session: SessionHandle, options?: RequestOptions): Promise<void>
  /** True if this member knows the session, and its caller. It may lag: one that was just opened may not be there yet. */
  hasSession(session: SessionHandle): boolean
  /**
   * Hands leadership over, to this member or to whoever is most up to date. Resolves when another leads. A name that no
   * member can have is a `TypeError`.
   */
  transferLeadership(to?: string, options?: RequestOptions): Promise<void>
  /**
   * Writes a snapshot of this member now, and resolves with its position when it is durable. All that was acknowledged
   * anywhere before the call is in it: then `quorate-storage backup` of this member's directory has it too.
   */
  snapshot(options?: RequestOptions): Promise<Position>
  /** Numbers for an operator, in the text format that Prometheus scrapes. */
  metrics(): Promise<string>
  status(options?: { readonly digest?: boolean }): Promise<ReplicaStatus>
  /** Returns what takes the listener off again. */
  on<Name extends keyof ReplicaEvents>(name: Name, listener: (event: ReplicaEvents[Name]) => void): () => void
  /** Settles or rejects what is pending, flushes and closes. Safe to call again. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** The public face of a driver, typed from its machine. */
export function replicaOf<Machine extends MachineModule, Message, Admin>(
  driver: Driver<Message, Admin>,
  machine: Machine,
): Replica<Machine> {
  const commands: Machine['commands'] = machine.commands
  const queries: Machine['queries'] = machine.queries
  return {
    id: driver.id,
    clusterId: driver.clusterId,
    commands: bindCalls<Machine['commands'], CommandOptions>(
      commands,
      async (request, options, name) =>
        (await driver.propose(request, options, () => commands[name]?.since ?? 1)).result,
    ),
    queries: bindCalls<Machine['queries'], QueryOptions>(
      queries,
      async (request, options) => (await driver.query(request, options)).result,
    ),
    propose: (command, options) => driver.propose(command, options, (bytes) => machine.sinceOf?.(bytes) ?? 1),
    query: (query, options) => driver.query(query, options),
    openSession: (nonce, options) => driver.callers.openSession(nonce ?? null, options),
    closeSession: (session, options) => driver.callers.closeSession(session, options),
    hasSession: (session) => driver.callers.hasSession(session),
    snapshot: async (options) => {
      await driver.callers.barrier(options)
      return driver.snapshots.take()
    },
    transferLeadership: async (to, options) =>
      driver.callers.transferLeadership(to === undefined ? null : nodeId(to), options),
    metrics: async () => driver.metrics.text(),
    status: (options) => driver.status(options?.digest ?? false),
    on: (name, listener) => driver.events.on(name, listener),
    close: () => driver.close(),
    [Symbol.asyncDispose]: () => driver.close(),
  }
}
