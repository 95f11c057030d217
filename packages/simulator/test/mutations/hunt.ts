import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { packages, patchPlugin, type SourcePatch } from '../../../../tools/source-patch.js'

const run = promisify(execFile)

/** What came of the search for a bug: how many seeds it took, and what was said of it. */
export interface Hunt {
  readonly found: { readonly seed: number; readonly seeds: number; readonly violation: string } | null
}

/** Builds the product with a bug in it, and runs seeds until one finds it. Null: without any bug. */
export async function hunt(patch: SourcePatch | null, firstSeed: number, seedsMax: number): Promise<Hunt> {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-hunt-'))
  try {
    const outfile = join(directory, 'hunt.mjs')
    await build({
      entryPoints: [join(packages, 'simulator/test/mutations/seeds.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      conditions: ['@quorate/source'],
      plugins: patch === null ? [] : [patchPlugin(patch)],
      banner: {
        js: `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url)`,
      },
      logLevel: 'silent',
    })
    const { stdout } = await run(process.execPath, [outfile, String(firstSeed), String(seedsMax)])
    const said = /^(?<seed>\d+) after (?<seeds>\d+): (?<violation>.*)$/m.exec(stdout)?.groups
    if (!said) return { found: null }
    return { found: { seed: Number(said.seed), seeds: Number(said.seeds), violation: said.violation ?? '' } }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
