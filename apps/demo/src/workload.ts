import type { QuorateError } from '@quorate/contracts'

/** What a workload reports while it runs. */
export interface WorkloadProgress {
  /** One more write was acknowledged. */
  onAcknowledged(): void
  /** A write ended without the word that it happened. */
  onFailure(error: QuorateError): void
}

/** Something to write through a leader's death, and to find again afterwards. */
export interface Workload {
  /** What is counted: `files`. */
  readonly what: string
  readonly total: number
  /** Says what will be written. */
  readonly plan: string
  write(progress: WorkloadProgress): Promise<void>
  /** Reads back what was acknowledged. Resolves to what held; throws a `DemoError` that says what did not. */
  check(onRead: (done: number, total: number) => void): Promise<string>
  /** Lines to try while the cluster stays up. */
  readonly examples: readonly string[]
  close(): Promise<void>
}

/** How many clients write at once. */
export const clientsAtOnce = 16
