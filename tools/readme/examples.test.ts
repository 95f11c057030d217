/** The first example of every package's README, and of pages that teach by one, compiles in a strict project, and runs to its end. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build, type Plugin } from 'esbuild'
import { afterAll, describe, expect, test } from 'vitest'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
/** Beside the packages that a user has installed: what is not ours is found from here. */
const folder = join(root, 'packages/quorate/node_modules/.cache/readme')
mkdirSync(folder, { recursive: true })
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const examples = [
  ...readdirSync(join(root, 'packages')).map((name) => ({ name, source: exampleIn('packages', name, 'README.md') })),
  { name: 'changing-a-machine', source: exampleIn('docs', 'changing-a-machine.md') },
]

function exampleIn(...names: string[]): string {
  const path = join(root, ...names)
  if (!existsSync(path)) return ''
  return /```ts\n([\s\S]*?)```/.exec(readFileSync(path, 'utf8'))?.[1] ?? ''
}

/** Our packages by their names, from their sources. */
const ours: Plugin = {
  name: 'ours',
  setup(building) {
    building.onResolve({ filter: /^(@quorate\/|quorate$)/ }, ({ path }) => {
      const [, name = 'quorate', node = ''] = /^@quorate\/([^/]+)(\/node)?$/.exec(path) ?? []
      return { path: join(root, 'packages', name, 'src', node, 'index.ts') }
    })
  },
}

async function bundled(name: string, source: string): Promise<string> {
  const outfile = join(folder, `${name}.mjs`)
  await build({
    stdin: { contents: source, loader: 'ts', resolveDir: folder },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    plugins: [ours],
    banner: {
      js: `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url)`,
    },
    logLevel: 'silent',
  })
  return outfile
}

describe('the first example of a README', () => {
  test.each(examples)('runs to its end: $name', async ({ name, source }) => {
    expect(source, `${name} has no example in TypeScript`).not.toBe('')
    const program = await bundled(name, source)
    const cwd = mkdtempSync(join(tmpdir(), 'quorate-readme-'))
    try {
      const { stderr } = await run(process.execPath, [program], { cwd, timeout: 20_000, killSignal: 'SIGKILL' })
      expect(stderr).toBe('')
    } finally {
      rmSync(cwd, { recursive: true, force: true })
    }
  })

  test('compiles, as every other one does', async () => {
    const files = examples.map(({ name, source }) => {
      writeFileSync(join(folder, `${name}.ts`), `${source}\nexport {}\n`)
      return `${name}.ts`
    })
    const config = {
      extends: join(root, 'tsconfig.lint.json'),
      compilerOptions: {
        noUnusedLocals: false,
        paths: {
          quorate: [join(root, 'packages/quorate/src/index.ts')],
          '@quorate/*/node': [join(root, 'packages/*/src/node/index.ts')],
          '@quorate/*': [join(root, 'packages/*/src/index.ts')],
        },
        typeRoots: [join(root, 'node_modules/@types')],
      },
      include: [],
      files,
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const { stdout } = await run(process.execPath, [compiler, '-p', folder]).catch((error: unknown) => ({
      stdout: String(Reflect.get(Object(error), 'stdout')),
    }))
    expect(stdout).toBe('')
  }, 60_000)
})
