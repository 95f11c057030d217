import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { publishedPackages } from '../repository.mjs'
import { pnpm, runOrThrow } from '../run.mjs'

/** Packs every published package into a directory, as it would be published: name → path of its tarball. */
export async function packAll(directory) {
  const [program, ...before] = pnpm
  await runOrThrow(program, [...before, '-r', '--filter', './packages/*', 'pack', '--pack-destination', directory])
  return new Map(
    publishedPackages().map(({ name, manifest }) => {
      const tarball = join(directory, `${name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`)
      if (!existsSync(tarball)) throw new Error(`${name}: pnpm pack wrote no ${tarball}`)
      return [name, tarball]
    }),
  )
}
