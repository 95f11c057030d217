import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const sources = fileURLToPath(new URL('../src', import.meta.url))
const page = readFileSync(new URL('../../../docs/raft.md', import.meta.url), 'utf8')

/** Functions and methods of the core, with the files that declare them. */
function declarations(): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const file of readdirSync(sources, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.startsWith('testing')) continue
    const text = readFileSync(`${sources}/${file}`, 'utf8')
    for (const [, called, method] of text.matchAll(/^(?:(?:export )?function (\w+)| {2}#?(\w+)\([^)]*\).*\{$)/gm)) {
      const name = called ?? method ?? ''
      found.set(name, [...(found.get(name) ?? []), file])
    }
  }
  return found
}

test('every arrow of the diagrams names its condition and the functions that implement it, and the core has them', () => {
  const known = declarations()
  const arrows = [...page.matchAll(/^ {2}\S+ --> \S+: (.+)$/gm)].map(([, text = '']) => text.split('<br/>'))
  expect(arrows.length).toBeGreaterThan(20)
  for (const parts of arrows) {
    expect(parts.length, `${parts[0]} names no function`).toBeGreaterThan(1)
    const names = (parts.at(-1) ?? '').split(/ → |, /)
    expect(
      names.filter((name) => !known.has(name)),
      parts.join(': '),
    ).toEqual([])
  }
})

test('the table beside the diagrams says in which file each of these functions is', () => {
  const known = declarations()
  const named = new Set(
    [...page.matchAll(/^ {2}\S+ --> \S+: .+<br\/>(.+)$/gm)].flatMap(([, names = '']) => names.split(/ → |, /)),
  )
  const table = new Map(
    [...page.matchAll(/^\| `(\w+)` +\| `([\w/.-]+)` +\|$/gm)].map(([, name = '', file = '']) => [name, file]),
  )
  for (const name of named) expect(known.get(name), name).toContain(table.get(name))
})
