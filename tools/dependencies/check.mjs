/**
 * What each published package brings with it, against the committed list: names and versions of everything that is needed
 * at run time or bundled, licences, and scripts that run at installation. `--write` writes the list; read what changed in it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { conclude, publishedPackages, root } from '../repository.mjs'
import { broughtBy, differencesOf, missingLicences } from './brought.mjs'

const list = join(root, 'tools/dependencies/list.json')
const packages = publishedPackages().map(({ name, directory }) => ({ name, directory: join(root, directory) }))
const brought = broughtBy(packages)
if (process.argv.includes('--write')) writeFileSync(list, `${JSON.stringify(brought, null, 2)}\n`)

const unbuilt = packages.filter(({ directory }) => !existsSync(join(directory, 'dist')))
if (unbuilt.length > 0)
  throw new Error(`${unbuilt[0].name} is not built, so what it bundles is not known: run pnpm build`)

const problems = differencesOf(JSON.parse(readFileSync(list, 'utf8')), brought)
if (problems.length > 0) problems.push('look at each, and then run: node tools/dependencies/check.mjs --write')
problems.push(...packages.flatMap(missingLicences))
const ids = Object.keys(brought.packages)
const withScripts = ids.filter((id) => brought.packages[id].installScripts.length > 0)
conclude(
  'dependencies',
  problems,
  `${packages.length} packages bring ${ids.length} of others, as listed; scripts at installation: ${withScripts.join(', ') || 'none'}`,
)
