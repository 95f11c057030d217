import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Profile } from '@quorate/simulator'
import { bundleSources } from '../../../../tools/source-bundle.mjs'
import { packages, patchPlugin, type SourcePatch } from '../../../../tools/source-patch.js'

const run = promisify(execFile)

/** Where a bug is looked for, and for how long. */
export interface Range {
  readonly profile: Profile
  readonly firstSeed: number
  readonly seedsMax: number
  /** Of the processor, in seconds. */
  readonly secondsMax: number
}

/** What came of the search for a bug: how many seeds it took, the last of them, and what was said of it. */
export interface Hunt {
  readonly seed: number
  readonly seeds: number
  readonly seconds: number
  /** Null if it was not found. */
  readonly violation: string | null
}

/** The product with a bug in it, ready to run. */
export interface Hunter {
  /** Runs seeds until one finds it. */
  hunt(range: Range): Promise<Hunt>
  close(): void
}

/** Builds the product with a bug in it. Null: without any. */
export async function hunterOf(patch: SourcePatch | null): Promise<Hunter> {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-hunt-'))
  const close = (): void => rmSync(directory, { recursive: true, force: true })
  const outfile = join(directory, 'hunt.mjs')
  try {
    const plugins = patch === null ? [] : [patchPlugin(patch)]
    await bundleSources(join(packages, 'simulator/test/mutations/seeds.ts'), outfile, plugins)
  } catch (error) {
    close()
    throw error
  }
  return {
    close,
    async hunt({ profile, firstSeed, seedsMax, secondsMax }) {
      const { stdout } = await run(process.execPath, [
        outfile,
        ...[firstSeed, seedsMax, profile, secondsMax].map(String),
      ])
      return JSON.parse(stdout) as Hunt
    },
  }
}
