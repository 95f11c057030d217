import { sequence, type Sequence } from '@quorate/contracts'
import { inspectPlace, type PlaceReport } from '../inspection.js'
import type { FileSettings } from '../options.js'
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
  const { decoder } = wish
  if (wish.position !== null && !decoder) {
    const message = '--position needs the protocol, which knows positions: add --decode @quorate/raft'
    throw new CommandError(message)
  }
  const records: { sequence: Sequence; bytes: number; record: DecodedRecord | null }[] = []
  let wanted: Uint8Array | null = null
  let placed: Placed | null = null
  const terms = { first: Infinity, last: 0 }
  const report = await inspectPlace(settings, (at, bytes) => {
    const record = decoder ? decoder(bytes) : null
    for (const entry of record?.entries ?? []) {
      terms.first = Math.min(terms.first, entry.term)
      terms.last = Math.max(terms.last, entry.term)
      // A later record may replace an entry: the last one counts.
      if (entry.index === wish.position) placed = { sequence: at, entry }
    }
    if (at === wish.sequence) wanted = bytes.slice()
    if (wish.records) records.push({ sequence: at, bytes: bytes.length, record })
  })
  const termsFound = terms.last > 0 ? terms : null
  if (wish.position !== null) return { report, lines: describePlaced(placed, wish.position, wish.json) }
  if (wish.sequence !== null) return { report, lines: describeWanted(wanted, wish.sequence, wish.json) }
  if (wish.json) return { report, lines: [jsonOf({ ...report, terms: termsFound, ...(wish.records && { records }) })] }
  const lines = describeReport(report)
  if (termsFound) lines.push(`terms      ${termsFound.first} to ${termsFound.last}`)
  for (const { sequence: at, bytes, record } of records)
    lines.push(`record ${at}: ${bytes} bytes${record ? `, ${describeRecord(record)}` : ''}`)
  return { report, lines: [...lines, '', ...describeProblems(report)] }
}

function describeRecord({ kind, entries, ...rest }: DecodedRecord): string {
  if (!entries) return `${kind} ${jsonOf(rest)}`
  const each = entries.map(({ index, term, kind: what, data }) => `${index}@${term} ${what} of ${data.length} bytes`)
  return `${kind}: ${each.join('; ')}`
}

function describePlaced(placed: Placed | null, position: number, isJson: boolean): string[] {
  if (!placed)
    throw new CommandError(
      `there is no entry at position ${position}: a snapshot may stand for it, or it was never written here`,
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
