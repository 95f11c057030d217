import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { z } from 'zod'

/** What a member answers. */
export type Answer =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly code: string; readonly outcome: string }

const answerSchema = z.object({
  asked: z.int(),
  value: z.unknown().optional(),
  code: z.string().optional(),
  outcome: z.string().optional(),
})

/** One member in a process of its own, from its start to its end. */
export class MemberProcess {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  readonly ended: Promise<void>
  #asked = 0
  #said = ''
  #isOver = false

  constructor(program: string, options: object) {
    this.#child = fork(program, [JSON.stringify(options)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    this.#child.stderr?.on('data', (text: Buffer) => (this.#said += text.toString()))
    this.#child.on('message', (message) => this.#onMessage(message))
    this.ended = once(this.#child, 'close').then(() => {
      this.#isOver = true
      for (const [asked] of this.#waiting) this.#end(asked, { kind: 'failed', code: 'GONE', outcome: 'unknown' })
    })
  }

  /** What it has complained about. */
  get said(): string {
    return this.#said
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Resolves when it listens, or has ended. */
  async ready(): Promise<this> {
    await Promise.race([once(this.#child, 'message'), this.ended])
    return this
  }

  ask(what: string, order = 0): Promise<Answer> {
    if (this.#isOver || !this.#child.connected) {
      return Promise.resolve({ kind: 'failed', code: 'GONE', outcome: 'notDone' })
    }
    const asked = (this.#asked += 1)
    return new Promise((resolve) => {
      this.#waiting.set(asked, resolve)
      this.#child.send({ asked, what, order }, (error) => {
        if (error) this.#end(asked, { kind: 'failed', code: 'GONE', outcome: 'unknown' })
      })
    })
  }

  async close(): Promise<void> {
    void this.ask('close')
    await this.ended
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }

  #onMessage(message: unknown): void {
    const said = answerSchema.safeParse(message)
    if (!said.success) return
    const { asked, value, code, outcome = 'unknown' } = said.data
    this.#end(asked, code === undefined ? { kind: 'value', value } : { kind: 'failed', code, outcome })
  }

  #end(asked: number, answer: Answer): void {
    this.#waiting.get(asked)?.(answer)
    this.#waiting.delete(asked)
  }
}
