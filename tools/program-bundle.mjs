import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './repository.mjs'
import { bundleSources } from './source-bundle.mjs'

const cache = join(root, 'node_modules', '.cache', 'quorate')

/** Bundles a program of this repository, named by its path from the root, and returns where the bundle is. */
export async function programBundle(program) {
  const bundle = join(cache, `${program.replace(/\W+/g, '-')}.mjs`)
  mkdirSync(cache, { recursive: true })
  await bundleSources(join(root, program), bundle)
  return bundle
}
