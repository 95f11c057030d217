/** A checker that agrees with everything proves nothing: with a known bug built in, the comparison with the definition finds it. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Plugin } from 'esbuild'
import { afterAll, expect, test } from 'vitest'
import { bundleSources } from '../../../tools/source-bundle.mjs'

const run = promisify(execFile)
const source = fileURLToPath(new URL('../src/', import.meta.url))
const program = fileURLToPath(new URL('mutations/agree.ts', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'quorate-linearizability-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** A known bug, as a change of one place in our own source. */
interface Bug {
  readonly bug: string
  readonly file: string
  readonly replace: string
  readonly by: string
}

const bugs: readonly Bug[] = [
  {
    bug: 'an operation takes effect after a return that was owed before its call',
    file: 'search.ts',
    replace: 'if ((invokedAt[rank] ?? 0) > owed) break',
    by: '',
  },
  {
    bug: 'an operation that was called at the stamp of a return comes after it',
    file: 'search.ts',
    replace: 'if ((invokedAt[rank] ?? 0) > owed) break',
    by: 'if ((invokedAt[rank] ?? 0) >= owed && rank !== frame.rank) break',
  },
  {
    bug: 'an operation of unknown outcome takes effect before its call',
    file: 'search.ts',
    replace: 'operation === undefined || operation.invokedAt > owed',
    by: 'operation === undefined',
  },
  {
    bug: 'an operation of unknown outcome never takes effect',
    file: 'search.ts',
    replace: 'if (!frame.isForced) this.#useUnknown(frame, way)',
    by: '',
  },
  {
    bug: 'an operation of unknown outcome takes effect twice',
    file: 'search.ts',
    replace: 'const place = places[this.#countUsed(places, way.used)]',
    by: 'const place = places[0]',
  },
  {
    bug: 'those that asked for the same are one choice, whatever they got',
    file: 'schedule.ts',
    replace: 'canonicalText([input, outcome])',
    by: 'canonicalText([input])',
  },
  {
    bug: 'two configurations that differ in the state are one',
    file: 'visited.ts',
    replace: 'ahead * statesMax + state',
    by: 'ahead * statesMax',
  },
  {
    bug: 'two configurations that differ in what is ahead are one',
    file: 'visited.ts',
    replace: 'ahead * statesMax + state',
    by: 'state',
  },
  {
    bug: 'a configuration that used more stands for one that used less',
    file: 'visited.ts',
    replace: 'if (this.#isSubset(before, used)) return false',
    by: 'return false',
  },
  {
    bug: 'two operations that are open at once share a slot',
    file: 'schedule.ts',
    replace: '(returnedAt[closing] ?? 0) < (invokedAt[rank] ?? 0)',
    by: '(invokedAt[closing] ?? 0) < (invokedAt[rank] ?? 0)',
  },
  {
    bug: 'the search does not put back what it took',
    file: 'remaining.ts',
    replace: 'this.#isGone[rank] = 0',
    by: '',
  },
  {
    bug: 'a comparison that won counts as a read',
    file: 'models/register.ts',
    replace: `(kind === 'cas' && outcome.kind === 'done' && outcome.output === false)`,
    by: `kind === 'cas'`,
  },
  {
    bug: 'a store is not cut apart by key',
    file: 'models/key-value.ts',
    replace: 'partition: ({ key }) => key',
    by: `partition: () => ''`,
  },
]

function withBug({ bug, file, replace, by }: Bug): Plugin {
  const path = join(source, file)
  const text = readFileSync(path, 'utf8')
  const count = text.split(replace).length - 1
  if (count !== 1) throw new Error(`"${bug}" fits ${count} places in ${file}: the change has to be written again`)
  return {
    name: 'bug',
    setup(building) {
      building.onLoad({ filter: /\.ts$/ }, (loaded) => {
        return loaded.path === path ? { contents: text.replace(replace, () => by), loader: 'ts' } : null
      })
    },
  }
}

async function compare(plugins: Plugin[], name: string): Promise<string> {
  const outfile = join(directory, `${name}.mjs`)
  await bundleSources(program, outfile, plugins)
  return (await run(process.execPath, [outfile])).stdout
}

test('as it is, the search agrees with the definition', async () => {
  expect(await compare([], 'sound')).toBe('agree\n')
})

test.each(bugs)(
  'is found: $bug',
  async (bug) => {
    expect(await compare([withBug(bug)], `bug-${bugs.indexOf(bug)}`)).toMatch(/^disagree: /)
  },
  240_000,
)
