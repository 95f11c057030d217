/**
 * `source-program.mjs PROGRAM.ts ARGUMENT…`: runs a program of a package's tests straight from the sources: `pnpm
 * vectors`, `pnpm power-cuts`.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { root } from './repository.mjs'

const [program = '', ...given] = process.argv.slice(2)
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
const run = spawnSync(process.execPath, [outfile, ...given], { stdio: 'inherit' })
process.exitCode = run.status ?? 1
