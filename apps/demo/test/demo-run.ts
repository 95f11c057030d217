import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** The demo as somebody runs it: a process without a terminal. It does not outlive its test. */
export class DemoRun {
  readonly ended: Promise<number | null>
  readonly #child: ChildProcess
  #output = ''
  #onOutput: () => void = () => {}

  constructor(...options: string[]) {
    // What is read here has no colours, whatever whoever runs the tests prefers.
    const { FORCE_COLOR: _, ...env } = process.env
    this.#child = spawn(process.execPath, [program, ...options], {
      env: { ...env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const hear = (chunk: Buffer): void => {
      this.#output += chunk.toString('utf8')
      this.#onOutput()
    }
    this.#child.stdout?.on('data', hear)
    this.#child.stderr?.on('data', hear)
    this.ended = new Promise((resolve) => this.#child.once('close', (code) => resolve(code)))
    onTestFinished(() => void this.#child.kill('SIGKILL'))
  }

  get output(): string {
    return this.#output
  }

  /** Process ids of the members, as the demo says them. */
  get memberPids(): readonly number[] {
    return [...this.#output.matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid))
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Resolves when the demo has said it; rejects when it ended before. */
  async says(text: RegExp): Promise<void> {
    const ended = this.ended.then((code) => {
      if (!text.test(this.#output)) throw new Error(`the demo ended with ${String(code)}:\n${this.#output}`)
    })
    const said = new Promise<void>((resolve) => {
      this.#onOutput = () => {
        if (text.test(this.#output)) resolve()
      }
      this.#onOutput()
    })
    await Promise.race([said, ended])
  }
}

/** True while a process of this id runs. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
