/** Known bugs that need no cluster: each is built into the product, and a short program has to find it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { bundleSources } from '../../../tools/source-bundle.mjs'
import { packages, patchPlugin } from '../../../tools/source-patch.js'
import { probedBugs } from './mutations/bugs.js'
import { bugsOfJoining } from './mutations/joined-bugs.js'
import { fileOf, probes } from './mutations/probes/probes.js'

const bugs = [...probedBugs, ...bugsOfJoining]

const directory = mkdtempSync(join(tmpdir(), 'quorate-probes-'))
afterAll(() => rmSync(directory, { recursive: true }))

describe('probes', () => {
  test.each(Object.entries(probes))('%s finds nothing where nothing is wrong', async (_, probe) => {
    expect(await probe()).toBeNull()
  })

  test.each(bugs.map((bug, at) => [bug.bug, at] as const))('find that %s', async (_, at) => {
    const bug = bugs[at]
    if (!bug) throw new TypeError('there is such a bug')
    const outfile = join(directory, `${at}.mjs`)
    await bundleSources(join(packages, `replica/test/mutations/probes/${fileOf[bug.probe]}.ts`), outfile, [
      patchPlugin(bug),
    ])
    const patched = (await import(pathToFileURL(outfile).href)) as typeof probes
    expect(await patched[bug.probe]()).toContain(bug.says)
  })
})
