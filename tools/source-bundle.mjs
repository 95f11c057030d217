import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { root } from './repository.mjs'

/** Bundles a program straight from the sources, and returns where the bundle is. */
export async function sourceBundle(program) {
  const directory = join(root, 'node_modules', '.cache', 'quorate')
  const outfile = join(directory, `${program.replace(/\W+/g, '-')}.mjs`)
  mkdirSync(directory, { recursive: true })
  await build({
    entryPoints: [join(root, program)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@quorate/source'],
    // Knows its own place on the disk.
    external: ['esbuild'],
    // What a bundled package requires of Node.js itself.
    banner: {
      js: `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url)`,
    },
    logLevel: 'error',
  })
  return outfile
}
