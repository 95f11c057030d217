import type { PlaceReport } from '../place-report.js'

/** A report for a person: what is there, what the next open will do, and what is wrong. */
export function describeReport(report: PlaceReport): string[] {
  const { identityBytes, release, replayed, reserveFiles, snapshot, unfinishedTail, unfinishedFiles } = report
  const lines = [
    `${report.directory}: place ${report.placeId ?? 'unknown'}`,
    '',
    ...table(
      ['segment', 'bytes', 'batches', 'records', 'from', ''],
      report.segments.map(({ name, bytes, batches, records, firstSequence, isSealed }) => [
        name,
        ...[bytes, batches, records, firstSequence].map(String),
        isSealed ? 'sealed' : 'open',
      ]),
    ),
    '',
    `records    ${replayed ? `${replayed.first} to ${replayed.last}, ${replayed.bytes} bytes` : 'none'}`,
    `release    ${release ? `record ${release.sequence} on, on the snapshot at ${release.snapshot}` : 'none'}`,
    `identity   ${identityBytes === null ? 'none' : `${identityBytes} bytes`}`,
    `reserve    ${reserveFiles} files`,
  ]
  if (report.isBackup)
    lines.push('backup     no member starts on it; `quorate-storage restore` begins another cluster with it')
  else if (report.isCopy)
    lines.push('copy       its files are not those in which it was written: no member starts on it')
  if (snapshot) {
    const { position, epoch, members, bytes, sha256 } = snapshot
    const who = members.length > 0 ? `, members ${members.join(', ')}` : ''
    lines.push(`snapshot   position ${position}, epoch ${epoch}${who}, ${bytes} bytes, sha256 ${sha256}`)
  }
  if (unfinishedTail) {
    const { batches, records, bytes } = unfinishedTail
    const what = `${batches} batches with ${records} records in ${bytes} bytes`
    lines.push(`tail       a write that never ended: ${what}; the next open cuts it`)
  }
  if (unfinishedFiles.length > 0) lines.push(`unfinished ${unfinishedFiles.join(', ')}; the next open deletes them`)
  return lines
}

/** What is wrong, a line each, or that nothing is. */
export function describeProblems({ problems }: PlaceReport): string[] {
  if (problems.length === 0) return ['No damage: every checksum is right and nothing is missing.']
  return [
    `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}:`,
    ...problems.map(({ code, message }) => `- ${code}: ${message}`),
  ]
}

/** Columns, the first to the left and the others to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return ['no segments of a journal']
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)))
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}
