import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One file of this repository. */
export interface SourceFile {
  readonly path: string
  readonly bytes: Uint8Array
}

const root = fileURLToPath(new URL('../../..', import.meta.url))
const unseen = new Set(['node_modules', 'dist', '.git', '.turbo', 'coverage'])

/** Every file of this repository's own source tree: what git lists, or a walk where there is no git. */
export function sourceFiles(): readonly SourceFile[] {
  return pathsOfSources()
    .filter((path) => existsSync(join(root, path)) && statSync(join(root, path)).isFile())
    .map((path) => ({ path, bytes: new Uint8Array(readFileSync(join(root, path))) }))
}

function pathsOfSources(): readonly string[] {
  if (!existsSync(join(root, '.git'))) return walk('')
  try {
    const listed = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 })
    return listed.split('\0').filter((path) => path !== '')
  } catch {
    return walk('')
  }
}

function walk(directory: string): readonly string[] {
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    if (unseen.has(entry.name)) return []
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`
    return entry.isDirectory() ? walk(path) : [path]
  })
}
