import { createRequire } from 'node:module'
import { join } from 'node:path'
import { cruise } from 'dependency-cruiser'
import { root } from '../repository.mjs'

/** The import walls, as `.dependency-cruiser.cjs` has them. */
export const walls = createRequire(import.meta.url)(join(root, '.dependency-cruiser.cjs'))

/** Cruises the packages and apps below a directory: `{ modules, violations }`, paths relative to that directory. */
export async function cruiseTree(directory) {
  const { output } = await cruise(['packages', 'apps'], {
    ...walls.options,
    baseDir: directory,
    ruleSet: { forbidden: walls.forbidden },
    validate: true,
  })
  return {
    modules: output.modules,
    violations: output.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  }
}
