import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of this repository. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')

const unseen = new Set(['node_modules', 'dist', '.git', '.turbo', 'coverage'])

/** Paths of the files that belong to the repository, new ones included: what git would add, or a walk where git is not. */
export function sourceFiles() {
  if (!existsSync(join(root, '.git'))) return walk('')
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  return listed.split('\0').filter((path) => path !== '' && existsSync(join(root, path)))
}

function walk(directory) {
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    if (unseen.has(entry.name)) return []
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`
    return entry.isDirectory() ? walk(path) : [path]
  })
}

/** The packages that are published: `{ name, directory, manifest }`. */
export function publishedPackages() {
  return readdirSync(join(root, 'packages'))
    .map((name) => `packages/${name}`)
    .filter((directory) => existsSync(join(root, directory, 'package.json')))
    .map((directory) => {
      const manifest = JSON.parse(readFileSync(join(root, directory, 'package.json'), 'utf8'))
      return { name: manifest.name, directory, manifest }
    })
    .filter(({ manifest }) => manifest.private !== true)
}

/** Ends a check: one line a problem and exit code 1, or one line that says what held. */
export function conclude(check, problems, summary) {
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) {
    console.error(`${check}: ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`)
    process.exitCode = 1
  } else {
    console.log(`${check}: ${summary}`)
  }
}
