/**
 * What each published package brings with it, against the committed list: names and versions of everything that is needed
 * at run time, licences, and scripts that run at installation. `--write` writes the list; read what changed in it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { conclude, publishedPackages, root } from '../repository.mjs'
import { broughtBy, differencesOf } from './brought.mjs'

const list = join(root, 'tools/dependencies/list.json')
const packages = publishedPackages().map(({ name, directory }) => ({ name, directory: join(root, directory) }))
const brought = broughtBy(packages)
if (process.argv.includes('--write')) writeFileSync(list, `${JSON.stringify(brought, null, 2)}\n`)

const problems = differencesOf(JSON.parse(readFileSync(list, 'utf8')), brought)
if (problems.length > 0) problems.push('look at each, and then run: node tools/dependencies/check.mjs --write')
const ids = Object.keys(brought.packages)
const withScripts = ids.filter((id) => brought.packages[id].installScripts.length > 0)
conclude(
  'dependencies',
  problems,
  `${packages.length} packages bring ${ids.length} of others, as listed; scripts at installation: ${withScripts.join(', ') || 'none'}`,
)
