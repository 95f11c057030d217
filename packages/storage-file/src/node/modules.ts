import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describeError } from '@quorate/contracts'
import { CommandError } from './command-error.js'

/** What some modules export together: the first that has a name counts. */
export interface Loaded {
  readonly names: readonly string[]
  readonly modules: readonly unknown[]
}

/** Modules by name or path, looked for from where the command was started. `wanted` says what they are to export. */
export async function loadModules(names: readonly string[], wanted: string): Promise<Loaded> {
  const modules: unknown[] = []
  for (const name of names) {
    try {
      const path = createRequire(join(process.cwd(), 'from-here.js')).resolve(name)
      modules.push(await import(pathToFileURL(path).href))
    } catch (error) {
      const [why = ''] = describeError(error).split('\n')
      const message = `${name} cannot be loaded (${why}): name a module that exports ${wanted}, and run this where it is installed`
      throw new CommandError(message)
    }
  }
  return { names, modules }
}

/** A function that one of them exports. */
export function exported({ names, modules }: Loaded, name: string): (...given: never) => unknown {
  for (const module of modules) {
    const found: unknown = Reflect.get(Object(module), name)
    if (isFunction(found)) return found
  }
  throw new CommandError(`${names.join(' and ')} export${names.length === 1 ? 's' : ''} no function ${name}`)
}

function isFunction(value: unknown): value is (...given: never) => unknown {
  return typeof value === 'function'
}
