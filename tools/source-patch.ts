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

/** A known bug that takes a change of a second file: what alone would do no harm, because something else guards against it. */
export interface SourcePatchOfTwo extends SourcePatch {
  readonly also: Omit<SourcePatch, 'bug'>
}

/** The source with the bug in it. Throws unless the place is there exactly once. */
export function patched({ file, replace, by, bug }: SourcePatch): string {
  const source = readFileSync(join(packages, file), 'utf8')
  const count = source.split(replace).length - 1
  if (count !== 1) throw new Error(`"${bug}" fits ${count} places in ${file}: the patch has to be written again`)
  return source.replace(replace, () => by)
}

/** Builds with the bug in, and leaves the files as they are. */
export function patchPlugin(patch: SourcePatch | SourcePatchOfTwo): Plugin {
  const patches = 'also' in patch ? [patch, { bug: patch.bug, ...patch.also }] : [patch]
  return {
    name: 'source-patch',
    setup(build) {
      const contentsOf = new Map(patches.map((each) => [join(packages, each.file), patched(each)]))
      const unused = new Set(contentsOf.keys())
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const contents = contentsOf.get(path)
        if (contents === undefined) return null
        unused.delete(path)
        return { contents, loader: 'ts' }
      })
      build.onEnd(() => ({ errors: [...unused].map((path) => ({ text: `${path} is no part of this program` })) }))
    },
  }
}
