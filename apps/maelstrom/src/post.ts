import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { lineSchema, type Line } from './message.js'

/** The two streams of lines: what this member is told, and what it says. */
export class Post {
  readonly #output: Writable
  readonly #handlers = new Map<string, (line: Line) => void>()
  #self = ''

  constructor(output: Writable) {
    this.#output = output
  }

  set self(id: string) {
    this.#self = id
  }

  /** Messages of this type go there. `*`: all that go nowhere else. */
  on(type: string, handle: (line: Line) => void): void {
    this.#handlers.set(type, handle)
  }

  send(dest: string, body: Readonly<Record<string, unknown>>): void {
    this.#output.write(`${JSON.stringify({ src: this.#self, dest, body })}\n`)
  }

  /** Reads lines until there are no more. What is no message of the protocol is told, and passed over. */
  async read(input: Readable, tell: (text: string) => void): Promise<void> {
    for await (const text of createInterface({ input })) {
      const line = parse(text)
      if (line === null) tell(`no message of the Maelstrom protocol: ${text.slice(0, 200)}`)
      else (this.#handlers.get(line.body.type) ?? this.#handlers.get('*'))?.(line)
    }
  }
}

function parse(text: string): Line | null {
  try {
    return lineSchema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
