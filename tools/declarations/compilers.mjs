import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { npmInstall } from '../pick-and-mix/folder.mjs'
import { root } from '../repository.mjs'

/** Between the oldest and the newest. */
const between = ['5.8', '5.9', '6.0']

/** TypeScript from the version that is asked for to the newest on the registry: `{ version, path }`, kept for the next run. */
export async function compilers(oldest) {
  const folder = join(root, 'node_modules/.cache/compilers')
  mkdirSync(folder, { recursive: true })
  const wanted = [oldest, ...between, 'latest']
  const dependencies = Object.fromEntries(
    wanted.map((version) => [`typescript-${version}`, `npm:typescript@${version}`]),
  )
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }))
  await npmInstall(folder)
  return wanted.map((version) => {
    const installed = join(folder, 'node_modules', `typescript-${version}`)
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
    return { version: manifest.version, path: join(installed, manifest.bin.tsc) }
  })
}
