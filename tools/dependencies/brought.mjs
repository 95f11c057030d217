import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What npm runs when a package is installed from a registry. */
const scriptsAtInstall = ['preinstall', 'install', 'postinstall']

/**
 * What whoever installs these packages gets with them: for each, the names and versions of all that it needs at run time,
 * what of those are optional, and whose code is bundled in its `dist`; and for each of those, its licence and the scripts
 * that run at its installation. Of optional packages only what this system would not install is not looked into.
 *
 * @param packages `{ name, directory }`, with absolute directories in which everything is installed
 */
export function broughtBy(packages) {
  const own = new Set(packages.map(({ name }) => name))
  const found = new Map()
  const brings = Object.fromEntries(packages.map(({ name, directory }) => [name, closureOf(directory, own, found)]))
  return { brings, packages: Object.fromEntries([...found].sort(byName)) }
}

/** The packages whose code stands in `dist`, as its source maps say: `{ name, directory }`. */
export function bundledIn(directory) {
  const dist = join(directory, 'dist')
  const maps = existsSync(dist) ? readdirSync(dist).filter((name) => name.endsWith('.js.map')) : []
  const packages = new Map()
  for (const source of maps.flatMap((map) => JSON.parse(readFileSync(join(dist, map), 'utf8')).sources)) {
    const [, place, name] = /^(.*\/node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(source) ?? []
    if (place !== undefined) packages.set(name, { name, directory: join(dist, place) })
  }
  return [...packages.values()]
}

function closureOf(directory, own, found) {
  const brought = new Set()
  const looked = new Set()
  const look = (at) => {
    if (looked.has(at)) return
    looked.add(at)
    const { name: self, dependencies = {}, optionalDependencies = {} } = manifestOf(at)
    for (const bundled of own.has(self) ? bundledIn(at) : []) {
      const { version, license } = manifestOf(bundled.directory)
      const id = `${bundled.name} ${version}`
      brought.add(`${id} (bundled)`)
      // It is not installed, so that its scripts do not run and what it needs does not come with it.
      if (!found.has(id)) found.set(id, { licence: license ?? 'none said', installScripts: [] })
    }
    for (const [name, range] of Object.entries({ ...dependencies, ...optionalDependencies })) {
      const isOptional = name in optionalDependencies
      const place = placeOf(name, at)
      if (place === null && !isOptional)
        throw new Error(`${name}, which ${at} needs, is not installed: run pnpm install`)
      // Accelerators for one system each: which of them is here depends on the machine that looks.
      if (place === null || manifestOf(place).os !== undefined) {
        brought.add(`${name} ${range} (optional, for some systems)`)
        continue
      }
      const manifest = manifestOf(place)
      if (!own.has(name)) {
        const id = `${name} ${manifest.version}`
        brought.add(isOptional ? `${id} (optional)` : id)
        const scripts = Object.keys(manifest.scripts ?? {}).filter((script) => scriptsAtInstall.includes(script))
        found.set(id, { licence: manifest.license ?? 'none said', installScripts: scripts })
      }
      look(place)
    }
  }
  look(directory)
  return [...brought].sort()
}

function manifestOf(directory) {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
}

/** One line for each bundled package whose licence does not stand in the `THIRD-PARTY-LICENSES.md` of the package that has it. */
export function missingLicences({ name, directory }) {
  const file = join(directory, 'THIRD-PARTY-LICENSES.md')
  const told = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return bundledIn(directory)
    .filter((bundled) => !told.includes(readFileSync(join(bundled.directory, 'LICENSE'), 'utf8').trim()))
    .map((bundled) => `${name} bundles ${bundled.name}, and its THIRD-PARTY-LICENSES.md does not hold that licence`)
}

/** As Node.js looks: in `node_modules` of this directory and of all above it. */
function placeOf(name, from) {
  for (let at = from; ; at = dirname(at)) {
    const place = join(at, 'node_modules', name)
    if (existsSync(join(place, 'package.json'))) return realpathSync(place)
    if (dirname(at) === at) return null
  }
}

function byName([left], [right]) {
  return left < right ? -1 : 1
}

/** One line for each difference between what is listed and what is brought now; none if they agree. */
export function differencesOf(listed, brought) {
  const lines = []
  const names = new Set([...Object.keys(listed.brings), ...Object.keys(brought.brings)])
  for (const name of [...names].sort()) {
    const [before, now] = [listed.brings[name] ?? [], brought.brings[name] ?? []]
    for (const each of now) if (!before.includes(each)) lines.push(`${name} brings ${each}, which is not listed`)
    for (const each of before) if (!now.includes(each)) lines.push(`${name} brings ${each} no more`)
  }
  for (const [id, now] of Object.entries(brought.packages)) {
    const before = listed.packages[id]
    if (!before) lines.push(`${id} is not listed: its licence is ${now.licence}`)
    else if (before.licence !== now.licence)
      lines.push(`${id} has the licence ${now.licence}, and ${before.licence} is listed`)
    for (const script of now.installScripts) {
      if (!before?.installScripts.includes(script)) lines.push(`${id} runs a script at installation: ${script}`)
    }
  }
  return lines
}
