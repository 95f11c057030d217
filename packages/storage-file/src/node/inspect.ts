import { sequence, type Sequence } from '@quorate/contracts'
import { inspectPlace } from '../inspection.js'
import type { FileSettings } from '../options.js'
import type { PlaceReport } from '../place-report.js'
import { CommandError } from './command-error.js'
import { describeBytes, describeCommand, jsonOf, type DecodedRecord, type Decoder } from './decoder.js'
import { describeProblems, describeReport } from './describe-report.js'

/** What `inspect` is asked to show beside the report. */
export interface InspectWish {
  readonly json: boolean
  readonly records: boolean
  readonly position: number | null
  readonly sequence: number | null
  readonly decoder: Decoder | null
}

/** An entry of the protocol's log, where it was found last. */
interface Placed {
  readonly sequence: Sequence
  readonly entry: NonNullable<DecodedRecord['entries']>[number]
}

/** `quorate-storage inspect`: what is in a directory. Returns the lines, and whether something is wrong. */
export async function inspect(
  settings: FileSettings,
  wish: InspectWish,
): Promise<{ lines: string[]; report: PlaceReport }> {
  if (wish.position !== null && !wish.decoder) {
    const message = '--position needs the protocol, which knows positions: add --decode @quorate/raft'
    throw new CommandError(message)
  }
  let found = new Found(wish)
  const report = await inspectPlace(settings, () => {
    found = new Found(wish)
    return (at, bytes) => found.take(at, bytes)
  })
  const { placed, records, terms, wanted } = found
  if (wish.position !== null) return { report, lines: describePlaced(placed, wish.position, wish.json) }
  if (wish.sequence !== null) return { report, lines: describeWanted(wanted, wish.sequence, wish.json) }
  if (wish.json) return { report, lines: [jsonOf({ ...report, terms, ...(wish.records && { records }) })] }
  const lines = describeReport(report)
  if (terms) lines.push(`terms      ${terms.first} to ${terms.last}`)
  for (const { sequence: at, bytes, record } of records)
    lines.push(`record ${at}: ${bytes} bytes${record ? `, ${describeRecord(record)}` : ''}`)
  return { report, lines: [...lines, '', ...describeProblems(report)] }
}

/** What was asked for, as one replay brings it. */
class Found {
  readonly #wish: InspectWish
  readonly records: { sequence: Sequence; bytes: number; record: DecodedRecord | null }[] = []
  wanted: Uint8Array | null = null
  placed: Placed | null = null
  terms: { first: number; last: number } | null = null

  constructor(wish: InspectWish) {
    this.#wish = wish
  }

  take(at: Sequence, bytes: Uint8Array): void {
    const { decoder, position, sequence: wanted, records } = this.#wish
    const record = decoder ? decoder(bytes, at) : null
    if (record) this.#place(at, record, position)
    if (at === wanted) this.wanted = bytes.slice()
    if (records) this.records.push({ sequence: at, bytes: bytes.length, record })
  }

  /** Entries take the place of all from the first of them on; a reset, that of the whole log. */
  #place(at: Sequence, { kind, entries = [] }: DecodedRecord, position: number | null): void {
    const [first] = entries
    if (kind === 'reset' || (first && position !== null && first.index <= position)) this.placed = null
    for (const entry of entries) {
      const { first: lowest, last: highest } = this.terms ?? { first: entry.term, last: entry.term }
      this.terms = { first: Math.min(lowest, entry.term), last: Math.max(highest, entry.term) }
      if (entry.index === position) this.placed = { sequence: at, entry }
    }
  }
}

function describeRecord({ kind, entries, ...rest }: DecodedRecord): string {
  if (!entries) return `${kind} ${jsonOf(rest)}`
  const each = entries.map(({ index, term, kind: what, data }) => `${index}@${term} ${what} of ${data.length} bytes`)
  return `${kind}: ${each.join('; ')}`
}

function describePlaced(placed: Placed | null, position: number, isJson: boolean): string[] {
  if (!placed)
    throw new CommandError(
      `there is no entry at position ${position}: a snapshot may stand for it, others may have taken its place, or it was never written here`,
    )
  if (isJson) return [jsonOf(placed)]
  const { index, term, kind, data } = placed.entry
  return [`position ${index}: ${kind} of term ${term}, in record ${placed.sequence}`, ...describeCommand(data)]
}

function describeWanted(wanted: Uint8Array | null, at: number, isJson: boolean): string[] {
  if (!wanted) throw new CommandError(`there is no record ${at}: look at \`records\` for those that are there`)
  if (isJson) return [jsonOf({ sequence: sequence(at), bytes: wanted })]
  return [`record ${at}`, ...describeBytes(wanted)]
}
