import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { publishedPackages, root } from '../repository.mjs'
import { cruiseTree, walls } from './imports.mjs'

const fixtures = join(root, 'tools/walls/fixtures/imports')

/**
 * Lays the fixtures over a small copy of the house (manifests and empty front doors) and cruises it. The first line
 * of a fixture names the rule that it breaks, `// breaks: <rule>`, or says `// allowed`.
 */
export async function importCanary() {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'quorate-walls-')))
  try {
    buildHouse(directory)
    const offenders = layFixtures(directory)
    const { violations } = await cruiseTree(directory)
    return judge(offenders, violations)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function buildHouse(directory) {
  mkdirSync(join(directory, 'node_modules/@quorate'), { recursive: true })
  writeFileSync(join(directory, 'package.json'), '{ "private": true, "devDependencies": { "vitest": "*" } }')
  for (const { name, directory: place, manifest } of publishedPackages()) {
    for (const door of ['src/index.ts', 'src/node/index.ts']) {
      if (existsSync(join(root, place, door))) write(join(directory, place, door), 'export const door = 1\n')
    }
    write(join(directory, place, 'package.json'), JSON.stringify(manifest))
    symlinkSync(join(directory, place), join(directory, 'node_modules', name), 'dir')
    linkOutsiders(directory, place, { ...manifest.dependencies, ...manifest.devDependencies })
  }
}

/** Third-party dependencies are the real ones. */
function linkOutsiders(directory, place, dependencies) {
  for (const name of Object.keys(dependencies).filter((name) => !name.startsWith('@quorate/'))) {
    const link = join(directory, place, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(realpathSync(join(root, place, 'node_modules', name)), link, 'dir')
  }
}

function layFixtures(directory) {
  const files = readdirSync(fixtures, { recursive: true }).filter((path) => path.endsWith('.ts'))
  cpSync(fixtures, directory, { recursive: true })
  return files.flatMap((path) => {
    const expected = /^\/\/ (?:breaks: (?<rule>\S+)|allowed|stands by)/.exec(readFileSync(join(fixtures, path), 'utf8'))
    return [{ path, rule: expected?.groups?.rule ?? null, said: expected !== null }]
  })
}

function judge(offenders, violations) {
  const problems = []
  for (const { path, rule, said } of offenders) {
    const found = violations.filter(({ from }) => from === path).map((violation) => violation.rule)
    if (!said) problems.push(`${path}: its first line says neither "// breaks: <rule>" nor "// allowed"`)
    else if (rule === null) problems.push(...found.map((other) => `${path}: is allowed and was refused by ${other}`))
    else if (!found.includes(rule))
      problems.push(`${path}: was not refused by ${rule} (but by ${found.join(', ') || 'nothing'})`)
  }
  const tried = new Set(offenders.map(({ rule }) => rule).filter((rule) => rule !== null))
  for (const { name } of walls.forbidden) {
    if (!tried.has(name)) problems.push(`tools/walls/fixtures/imports: no file breaks the rule ${name}`)
  }
  return { problems, tried: tried.size }
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
