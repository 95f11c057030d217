import { z } from 'zod'
import type { ReadHistory } from './reading.js'
import { eventSchema, headingSchema, openRun, type OpenRun } from './run-format.js'
import { readRegisterHistory, registerHistorySchema } from './vector-format.js'

/** A line of a file that is not what it should be there: `line` is its number, and the message says what was wrong. */
export class HistoryFormatError extends Error {
  override readonly name = 'HistoryFormatError'
  readonly line: number

  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`)
    this.line = line
  }
}

/** What is told of a file from outside of it. */
export interface ReadingOptions {
  /** The model of runs whose heading names none, and of a file that begins without a heading. */
  readonly model?: string
}

/**
 * Reads histories line by line, so that a file may be as large as it likes: one history of a register in a line (the format of
 * conformance vectors), or recorded runs, each a heading and a line for each event. Every line is checked before it is
 * believed; one that is wrong is a `HistoryFormatError` with its number.
 */
export class HistoryReader {
  readonly #model: string | undefined
  #line = 0
  #run: OpenRun | null = null

  constructor(options: ReadingOptions = {}) {
    this.#model = options.model
  }

  /** Takes the next line, without its end. Returns the history that it completes, if any. */
  onLine(text: string): ReadHistory | null {
    this.#line += 1
    if (text.trim() === '') return null
    try {
      return this.#onJson(JSON.parse(text))
    } catch (error) {
      throw new HistoryFormatError(this.#line, messageOf(error))
    }
  }

  /** Takes the end of the file. Returns the history that was still open, if any: what has no end in it is unknown. */
  onEnd(): ReadHistory | null {
    const finished = this.#run?.finish() ?? null
    this.#run = null
    return finished
  }

  #onJson(json: unknown): ReadHistory | null {
    if (hasKey(json, 'ops')) {
      if (this.#run !== null) throw new TypeError('a whole history stands in the middle of a recorded run')
      return readRegisterHistory(registerHistorySchema.parse(json), this.#line)
    }
    if (hasKey(json, 'history')) {
      const { history, model = this.#model, initial, linearizable = null } = headingSchema.parse(json)
      const finished = this.onEnd()
      this.#run = this.#open(history, model, initial, linearizable)
      return finished
    }
    this.#run ??= this.#open('run', this.#model, undefined, null)
    this.#run.onEvent(eventSchema.parse(json))
    return null
  }

  #open(id: string, model: string | undefined, initial: unknown, isLinearizable: boolean | null): OpenRun {
    if (model === undefined) throw new TypeError('no model is named: the heading says "model", or the command line')
    return openRun({ id, line: this.#line, model, isLinearizable }, initial)
  }
}

function hasKey(json: unknown, key: string): boolean {
  return typeof json === 'object' && json !== null && key in json
}

function messageOf(error: unknown): string {
  if (error instanceof z.ZodError) return z.prettifyError(error).replaceAll('\n', ' ')
  return error instanceof Error ? error.message : String(error)
}
