/** Checks who imports whom, and that the check saw what it had to see. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { conclude, publishedPackages, root, sourceFiles } from '../repository.mjs'
import { cruiseTree } from './imports.mjs'

const { modules, violations } = await cruiseTree(root)
const problems = violations.map(({ rule, from, to }) => `${from}: must not import ${to} (${rule})`)

// A cruiser that cannot resolve anything reports no violations either.
const seen = new Set(modules.map(({ source }) => source))
for (const file of sourceFiles().filter((path) => /^(packages|apps)\/[^/]+\/src\/.*\.ts$/.test(path))) {
  if (!seen.has(file)) problems.push(`${file}: was not looked at by the import check`)
}
for (const { name, directory, manifest } of publishedPackages()) {
  const declared = Object.keys(manifest.dependencies ?? {}).filter((other) => other.startsWith('@quorate/'))
  // A neighbour's types may pass through: what is inferred from them is declared by the package that they come from.
  const neighbours = edgesBetweenPackages(directory)
  const reached = new Set([...neighbours, ...[...neighbours].flatMap((each) => [...edgesBetweenPackages(each)])])
  for (const other of declared) {
    const target = `packages/${other.slice('@quorate/'.length)}`
    if (!existsSync(join(root, target))) problems.push(`${directory}: depends on ${other}, which does not exist`)
    else if (!reached.has(target)) problems.push(`${directory}: ${name} declares ${other} and never imports it`)
  }
}

function edgesBetweenPackages(directory) {
  const edges = modules
    .filter(({ source }) => source.startsWith(`${directory}/src/`))
    .flatMap(({ dependencies }) => dependencies.map(({ resolved }) => /^packages\/[^/]+/.exec(resolved)?.[0]))
  return new Set(edges)
}

const edges = modules.reduce((sum, { dependencies }) => sum + dependencies.length, 0)
conclude('walls', problems, `${modules.length} modules and ${edges} imports keep to them`)
