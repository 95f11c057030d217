import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Plugin } from 'esbuild'

/** The folder of the packages of the repository that this program was started in, wherever it was bundled to. */
export const packages = join(rootAbove(process.cwd()), 'packages')

function rootAbove(directory: string): string {
  if (existsSync(join(directory, 'pnpm-workspace.yaml'))) return directory
  const parent = dirname(directory)
  if (parent === directory) throw new Error('this has to be run inside the repository')
  return rootAbove(parent)
}

/** A known bug, as a change of one place in our own source. */
export interface SourcePatch {
  /** What the bug is: a claim about the broken code. */
  readonly bug: string
  /** Below `packages/`. */
  readonly file: string
  readonly replace: string
  readonly by: string
}

/** The source with the bug in it. Throws unless the place is there exactly once. */
export function patched({ file, replace, by, bug }: SourcePatch): string {
  const source = readFileSync(join(packages, file), 'utf8')
  const count = source.split(replace).length - 1
  if (count !== 1) throw new Error(`"${bug}" fits ${count} places in ${file}: the patch has to be written again`)
  return source.replace(replace, () => by)
}

/** Builds with the bug in, and leaves the file as it is. */
export function patchPlugin(patch: SourcePatch): Plugin {
  const path = join(packages, patch.file)
  return {
    name: 'source-patch',
    setup(build) {
      const contents = patched(patch)
      let isUsed = false
      build.onLoad({ filter: /\.ts$/ }, (loaded) => {
        if (loaded.path !== path) return null
        isUsed = true
        return { contents, loader: 'ts' }
      })
      build.onEnd(() => (isUsed ? {} : { errors: [{ text: `${patch.file} is no part of this program` }] }))
    },
  }
}
