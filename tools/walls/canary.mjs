/**
 * Proves that the walls can refuse: every import rule on a file that breaks it, and compiler and lint on what a
 * package without a host must not name. A wall that nothing tries is a drawing.
 */
import { conclude } from '../repository.mjs'
import { importCanary } from './import-canary.mjs'
import { hostCanary } from './host-canary.mjs'

const imports = await importCanary()
const host = await hostCanary()
conclude(
  'walls canary',
  [...imports.problems, ...host.problems],
  `${imports.tried} import rules and ${host.tried} forbidden lines in ${host.packages} packages were refused`,
)
