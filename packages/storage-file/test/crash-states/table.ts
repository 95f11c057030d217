import type { Counts } from './explore.js'
import type { Scenario } from './scenarios.js'

const columns = [
  { name: 'images', of: imagesIn },
  { name: '1st cut', of: ({ act }: Counts) => act },
  { name: '2nd cut', of: ({ recovery }: Counts) => recovery },
  { name: '3rd cut', of: ({ secondRecovery }: Counts) => secondRecovery },
  { name: 'alike', of: ({ alike }: Counts) => alike },
]

/** Images that were opened and checked. */
export function imagesIn({ act, recovery, secondRecovery }: Counts): number {
  return act + recovery + secondRecovery
}

/** One scenario a line, with a head and a sum. */
export function describeCounts(counts: ReadonlyMap<Scenario['name'], Counts>): string {
  const total = { act: 0, recovery: 0, secondRecovery: 0, alike: 0 }
  for (const each of counts.values()) {
    total.act += each.act
    total.recovery += each.recovery
    total.secondRecovery += each.secondRecovery
    total.alike += each.alike
  }
  const line = (name: string, cells: readonly string[]) =>
    name.padEnd(12) + cells.map((cell) => cell.padStart(10)).join('')
  const rows = [...counts, ['all', total] as const].map(([name, each]) =>
    line(
      name,
      columns.map(({ of }) => String(of(each))),
    ),
  )
  const head = line(
    '',
    columns.map(({ name }) => name),
  )
  return [head, ...rows].join('\n')
}
