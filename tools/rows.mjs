/** Prints which row of docs/decisions/ports.md is named by which test, and which by none. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, sourceFiles } from './repository.mjs'

const table = readFileSync(join(root, 'docs/decisions/ports.md'), 'utf8')
const rows = [...table.matchAll(/^\| (D\d+) +\| ([^|]+?) +\| (Later)?/gm)].map(([, row, about, later]) => ({
  row,
  about,
  later: later !== undefined,
}))
const tests = sourceFiles().filter((path) => /\.test\.ts$/.test(path))
const named = new Map(rows.map(({ row }) => [row, []]))
for (const path of tests) {
  const rowsNamed = new Set(readFileSync(join(root, path), 'utf8').match(/\bD\d+\b/g) ?? [])
  for (const row of rowsNamed) named.get(row)?.push(path)
}
for (const { row, about, later } of rows) {
  const proofs = named.get(row)
  const said = proofs.length > 0 ? proofs.join(', ') : later ? 'later' : 'NO TEST NAMES IT'
  console.log(`${row.padEnd(4)} ${about.padEnd(22)} ${said}`)
}
const open = rows.filter(({ row, later }) => !later && named.get(row).length === 0)
console.log(`${rows.length} rows, ${rows.length - open.length} settled, ${open.length} without a test`)
