import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Random } from '@quorate/contracts'
import { lineSchema, type Line } from '../src/message.js'

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const replyTimeoutMs = 8_000

/** The body of a reply. */
export type Reply = Line['body'] & { readonly code?: unknown; readonly value?: unknown; readonly text?: unknown }

/** Members as processes, and a network between them that loses, doubles and delays what they say. */
export class Network {
  readonly ids: readonly string[]
  /** Cut off from the other members; clients reach it all the same. */
  isolated: string | null = null
  readonly #random: Random
  readonly #options: readonly string[]
  readonly #processes = new Map<string, ChildProcess>()
  readonly #waiting = new Map<number, (body: Reply) => void>()
  #messages = 0

  constructor(ids: readonly string[], random: Random, options: readonly string[]) {
    this.ids = ids
    this.#random = random
    this.#options = options
  }

  /** Starts a member's process and tells it who it is. */
  async start(id: string): Promise<Reply> {
    const child = spawn(process.execPath, [program, ...this.#options], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#processes.set(id, child)
    child.stdin.on('error', () => {})
    createInterface({ input: child.stdout }).on('line', (text) => this.#carry(lineSchema.parse(JSON.parse(text))))
    return this.ask(id, { type: 'init', node_id: id, node_ids: this.ids })
  }

  /** What a member answers; null when it does not, or is not there. */
  async ask(id: string, body: Readonly<Record<string, unknown>>): Promise<Reply> {
    const message = (this.#messages += 1)
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve({ type: 'error', code: 0, text: 'no reply' }), replyTimeoutMs)
      this.#waiting.set(message, (reply) => {
        clearTimeout(timer)
        resolve(reply)
      })
      this.#deliver({ src: 'c1', dest: id, body: { ...body, type: String(body.type), msg_id: message } })
    })
  }

  /** Something that is no message, as somebody might type it. */
  say(id: string, text: string): void {
    this.#processes.get(id)?.stdin?.write(`${text}\n`)
  }

  async kill(id: string): Promise<void> {
    const child = this.#processes.get(id)
    this.#processes.delete(id)
    if (!child || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.#processes.keys()].map((id) => this.kill(id)))
  }

  #carry(line: Line): void {
    if (!this.ids.includes(line.dest)) {
      const { in_reply_to: about } = line.body
      if (typeof about === 'number') this.#waiting.get(about)?.(line.body)
      return
    }
    if ([line.src, line.dest].includes(this.isolated ?? '') || this.#random.nextInt(50) === 0) return
    const copies = this.#random.nextInt(50) === 0 ? 2 : 1
    for (let copy = 0; copy < copies; copy += 1) setTimeout(() => this.#deliver(line), this.#random.nextInt(6))
  }

  #deliver(line: Line): void {
    this.#processes.get(line.dest)?.stdin?.write(`${JSON.stringify(line)}\n`)
  }
}
