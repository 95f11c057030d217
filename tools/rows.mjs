/**
 * Prints which row of docs/decisions/ports.md and which bad day of docs/testing.md is named by which test. Fails when a
 * bad day has neither a test that names it nor a word about when or why not, or when the table names a file that is
 * not there or does not name the case. Of the threats in docs/security.md each has to name a test by its file and words of
 * its name, or to say that it is missing.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { conclude, root, sourceFiles } from './repository.mjs'

const read = (path) => readFileSync(join(root, path), 'utf8')
const tests = sourceFiles().filter((path) => /\.test\.ts$|\/scenarios\/[^/]+\.txt$/.test(path))
const namedIn = new Map(tests.map((path) => [path, new Set(read(path).match(/\b[DFW]-?\d+\b/g) ?? [])]))
const proofsOf = (row) => tests.filter((path) => namedIn.get(path)?.has(row))

const rows = [...read('docs/decisions/ports.md').matchAll(/^\| (D\d+) +\| ([^|]+?) +\| (Later)?/gm)].map(
  ([, row, about, later]) => ({ row, about, later: later !== undefined }),
)
for (const { row, about, later } of rows) {
  const proofs = proofsOf(row).filter((path) => path.endsWith('.test.ts'))
  const said = proofs.length > 0 ? proofs.join(', ') : later ? 'later' : 'NO TEST NAMES IT'
  console.log(`${row.padEnd(4)} ${about.padEnd(22)} ${said}`)
}
const open = rows.filter(({ row, later }) => !later && proofsOf(row).length === 0)
console.log(`${rows.length} rows, ${rows.length - open.length} settled, ${open.length} without a test`)

const days = new Map(
  [...read('docs/testing.md').matchAll(/^\| (F-\d+|W\d+) +\| [^|]+ \| ([^|]+?) +\|$/gm)].map(([, day, said]) => [
    day,
    said,
  ]),
)
const schedules = Array.from({ length: 46 }, (_, at) => `F-${at + 1}`)
const diskFaults = Array.from({ length: 28 }, (_, at) => `W${at + 1}`)
const problems = [...schedules, ...diskFaults].flatMap((day) => {
  const said = days.get(day)
  if (said === undefined) return [`${day} has no line in docs/testing.md`]
  const names = [...said.matchAll(/`([^`]+)`/g)].map(([, name]) => name).filter((name) => !name.startsWith('pnpm '))
  const wrong = names.flatMap((name) => {
    const paths = pathsOf(name)
    if (paths.length === 0) return [`${day}: there is no test "${name}"`]
    return paths.some((path) => namedIn.get(path)?.has(day)) ? [] : [`${day}: ${paths.join(', ')} does not name it`]
  })
  const isToldWhy = /later: |documented limit|excluded by design/.test(said)
  const isShown = names.length > 0 || isToldWhy
  console.log(`${day.padEnd(4)} ${proofsOf(day).join(', ') || said}`)
  return isShown ? wrong : [...wrong, `${day} has no test that names it, and no word about when or why not`]
})
const count = schedules.length + diskFaults.length
conclude('bad days', problems, `${count} cases are shown by a test that names them, or told why not`)

const threats = [...read('docs/security.md').matchAll(/^\| (T\d+) \| ([^|]+) \| ([^|]+) \|$/gm)]
const unproved = threats.flatMap(([, row, threat, said]) => {
  console.log(`${row.padEnd(4)} ${threat}: ${said}`)
  if (said.startsWith('missing: ') && threat.startsWith('missing: ')) return []
  return said.split('; ').flatMap((each) => {
    const [, name = '', words = ''] = /^`([^`]+)`: (.+)$/.exec(each) ?? []
    if (name === '') return [`${row}: "${each}" names no test`]
    const paths = pathsOf(name)
    return paths.some((path) => read(path).includes(words)) ? [] : [`${row}: no ${name} has a test "${words}"`]
  })
})
const missing = threats.filter(([, , , said]) => said.startsWith('missing: ')).length
conclude(
  'threats',
  unproved,
  `${threats.length - missing} threats are shown by tests, and ${missing} are said to be missing`,
)

/** Tests by the end of their path; a scenario by its name. */
function pathsOf(name) {
  return tests.filter((path) => path.endsWith(`/${name}`) || path.endsWith(`/scenarios/${name}.txt`))
}
