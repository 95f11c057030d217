import type { Position } from '@quorate/contracts'

interface Asked {
  /** The snapshot has to be of this position or a later one. */
  readonly at: Position
  resolve(position: Position): void
  reject(reason: unknown): void
}

/** Snapshots that somebody asked for and waits for. */
export class AskedSnapshots {
  #asked: Asked[] = []
  #refusal: Error | null = null

  get areAny(): boolean {
    return this.#asked.length > 0
  }

  ask(at: Position): Promise<Position> {
    if (this.#refusal) return Promise.reject(this.#refusal)
    return new Promise((resolve, reject) => this.#asked.push({ at, resolve, reject }))
  }

  /** The snapshot of this position is durable. */
  onSaved(position: Position): void {
    const served = this.#asked.filter(({ at }) => at <= position)
    this.#asked = this.#asked.filter(({ at }) => at > position)
    for (const asked of served) asked.resolve(position)
  }

  /** None will come any more. */
  refuse(reason: Error): void {
    this.#refusal = reason
    this.onFailed(reason)
  }

  /** None will come now. */
  onFailed(reason: unknown): void {
    for (const asked of this.#asked.splice(0)) asked.reject(reason)
  }
}
