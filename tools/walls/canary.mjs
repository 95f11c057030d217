/**
 * Proves that the walls can refuse: every import rule on a file that breaks it, and compiler and lint on what a
 * package without a host must not name. A wall that nothing tries is a drawing.
 */
import { conclude } from '../repository.mjs'
import { importCanary } from './import-canary.mjs'
import { hostCanary } from './host-canary.mjs'
import { typedCanary } from './typed-canary.mjs'

const imports = await importCanary()
const host = await hostCanary()
const typed = await typedCanary()
conclude(
  'walls canary',
  [...imports.problems, ...host.problems, ...typed.problems],
  `${imports.tried} import rules, ${host.tried} forbidden lines in ${host.packages} packages and ${typed.tried} for typed lint were refused`,
)
