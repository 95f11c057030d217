import { fork, type ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { closeRequest, memberMessageSchema, type MemberConfig, type MemberMessage } from './member-message.js'

/** The program of a member, as it is built: beside the demo's own. */
export const memberProgram = fileURLToPath(new URL('member.js', import.meta.url))
const closeTimeoutMs = 5_000

/** How a process ended. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** One life of a member: an operating-system process. What it writes goes to `member.log` in its directory. */
export class MemberProcess {
  readonly pid: number
  readonly ended: Promise<Ending>
  readonly #child: ChildProcess
  readonly #logPath: string

  constructor(program: string, config: MemberConfig, onMessage: (message: MemberMessage) => void) {
    mkdirSync(config.directory, { recursive: true })
    this.#logPath = join(config.directory, 'member.log')
    const log = openSync(this.#logPath, 'a')
    this.#child = fork(program, [JSON.stringify(config)], { stdio: ['ignore', log, log, 'ipc'], execArgv: [] })
    closeSync(log)
    this.pid = this.#child.pid ?? 0
    this.#child.on('message', (message) => onMessage(memberMessageSchema.parse(message)))
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve({ code, signal }))
      this.#child.once('error', () => resolve({ code: null, signal: null }))
    })
  }

  /** The last lines that the process wrote. */
  get lastWords(): string {
    return readFileSync(this.#logPath, 'utf8').trim().split('\n').slice(-10).join('\n')
  }

  /** SIGKILL: it gets no chance to say or write anything. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }

  /** Asks it to close, and kills it when it does not. */
  async close(): Promise<void> {
    if (this.#child.connected) this.#child.send(closeRequest, () => {})
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), closeTimeoutMs)
    await this.ended
    clearTimeout(timer)
  }
}
