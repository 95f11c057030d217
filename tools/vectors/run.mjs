/** `pnpm vectors FILE…`: bundles the adapter from the sources, and runs it on the files given. */
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))
const directory = join(root, 'node_modules', '.cache', 'quorate')
const outfile = join(directory, 'vectors.mjs')
mkdirSync(directory, { recursive: true })
await build({
  entryPoints: [join(root, 'packages/raft/test/vectors/main.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  conditions: ['@quorate/source'],
  nodePaths: [join(root, 'packages/raft/node_modules')],
  logLevel: 'error',
})
const run = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: 'inherit' })
process.exitCode = run.status ?? 1
