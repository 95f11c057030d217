import colors from 'picocolors'

const barWidth = 30
/** Without a terminal, progress is a plain line at each of these shares. */
const plainSteps = 4

/** What the demo shows: lines that stay, and one line of progress under them where there is a terminal. */
export class Screen {
  readonly #output: NodeJS.WriteStream
  #progress = ''
  #plainStep = 0

  constructor(output: NodeJS.WriteStream) {
    this.#output = output
  }

  heading(text: string): void {
    this.line('')
    this.line(colors.bold(text))
  }

  /** Something that happened. */
  event(text: string): void {
    this.line(`  ${text}`)
  }

  good(text: string): void {
    this.line(`  ${colors.green('✓')} ${text}`)
  }

  bad(text: string): void {
    this.line(`  ${colors.red('✗')} ${text}`)
  }

  line(text: string): void {
    this.#clear()
    this.#output.write(`${text}\n`)
    this.#draw()
  }

  /** How far something has come. The line goes when all of it is done. */
  progress(what: string, done: number, total: number): void {
    if (!this.#output.isTTY) return this.#plainProgress(what, done, total)
    const filled = Math.round((done / total) * barWidth)
    const bar = `${colors.cyan('█'.repeat(filled))}${colors.dim('░'.repeat(barWidth - filled))}`
    this.#clear()
    this.#progress = done >= total ? '' : `  ${bar} ${done} of ${total} ${what}`
    this.#draw()
  }

  #plainProgress(what: string, done: number, total: number): void {
    const step = Math.floor((done * plainSteps) / total)
    if (step > this.#plainStep && done < total) this.line(`  ${done} of ${total} ${what}`)
    this.#plainStep = done >= total ? 0 : step
  }

  #clear(): void {
    if (this.#progress !== '') this.#output.write('\r\x1b[2K')
  }

  #draw(): void {
    if (this.#progress !== '') this.#output.write(this.#progress)
  }
}
