/**
 * `source-program.mjs PROGRAM.ts ARGUMENT…`: runs a program of a package's tests straight from the sources: `pnpm
 * vectors`, `pnpm power-cuts`.
 */
import { spawnSync } from 'node:child_process'
import { programBundle } from './program-bundle.mjs'

const [program = '', ...given] = process.argv.slice(2)
const run = spawnSync(process.execPath, [await programBundle(program), ...given], { stdio: 'inherit' })
process.exitCode = run.status ?? 1
