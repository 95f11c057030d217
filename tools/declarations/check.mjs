/** Compiles a consumer of the packed packages under every module setting, from the oldest TypeScript we promise to the newest there is. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packAll } from '../packages/pack.mjs'
import { installInto } from '../pick-and-mix/folder.mjs'
import { conclude, publishedPackages, root } from '../repository.mjs'
import { inParallel, run } from '../run.mjs'
import { compilers } from './compilers.mjs'

const here = dirname(fileURLToPath(import.meta.url))

/** What a consumer may say of modules. */
const settings = {
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  node16: { module: 'node16', moduleResolution: 'node16' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
  preserve: { module: 'preserve', moduleResolution: 'bundler' },
}

/** Nothing is skipped, `types` is as empty as TypeScript 6 has it, and what is exported has to have a name. */
const strict = {
  ...{ target: 'es2022', strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
  ...{ verbatimModuleSyntax: true, isolatedModules: true, declaration: true, noEmit: true, skipLibCheck: false },
}

/** Whose declarations name things of Node.js; all others compile where there are no types of it. */
const hosts = ['quorate', '@quorate/gateway-http', '@quorate/transport-http']

/** The types of zod want `URL`, which is there with Node's types or with those of a browser. */
const consumers = {
  'with Node types': {
    files: ['every-entry.ts', 'consumer.ts'],
    options: { lib: ['es2022'], types: [], typeRoots: [join(root, 'node_modules/@types')] },
  },
  'without Node types': {
    files: ['every-portable-entry.ts'],
    options: { lib: ['es2022', 'dom'], types: [], typeRoots: [] },
  },
}

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'quorate-declarations-')))
const problems = []
try {
  const folder = await consumerFolder()
  const tries = triesOf(await compilers(oldestPromised()))
  await inParallel(
    tries.map((each) => () => compile(folder, each)),
    availableParallelism(),
  )
  conclude('declarations', problems, `compile in ${tries.length} ways, with TypeScript ${namesOf(tries)}`)
} finally {
  rmSync(directory, { recursive: true, force: true })
}

/** The version that the README names. */
function oldestPromised() {
  const promised = /TypeScript \((\d+\.\d+) or newer/.exec(readFileSync(join(root, 'README.md'), 'utf8'))
  if (promised === null) throw new Error('README.md says nowhere "TypeScript (N.N or newer"')
  return promised[1]
}

/** Everything installed, a file that imports every entry of every package, one for those without a host, and a program. */
async function consumerFolder() {
  const folder = join(directory, 'consumer')
  mkdirSync(join(directory, 'tarballs'))
  const tarballs = await packAll(join(directory, 'tarballs'))
  await installInto(folder, [...tarballs.keys()], tarballs, { zod: '^4.6.7' })
  writeFileSync(
    join(folder, 'every-entry.ts'),
    importsOf(() => true),
  )
  writeFileSync(
    join(folder, 'every-portable-entry.ts'),
    importsOf((name) => !hosts.includes(name)),
  )
  copyFileSync(join(here, 'fixtures/consumer.ts'), join(folder, 'consumer.ts'))
  return folder
}

function importsOf(isWanted) {
  const entries = publishedPackages()
    .filter(({ name }) => isWanted(name))
    .flatMap(({ name, manifest }) => Object.keys(manifest.exports).map((entry) => name + entry.slice(1)))
    .filter((entry) => !entry.endsWith('/package.json'))
  return entries.map((entry, at) => `export * as entry${at} from '${entry}'\n`).join('')
}

/** Every setting with the oldest and the newest compiler, and with those between them one setting each. */
function triesOf(every) {
  return every.flatMap((compiler, at) => {
    const isEnd = at === 0 || at === every.length - 1
    const names = isEnd ? Object.keys(settings) : [Object.keys(settings)[at % 4]]
    const hosted = names.map((setting) => ({ compiler, setting, consumer: 'with Node types' }))
    return isEnd ? [...hosted, { compiler, setting: 'bundler', consumer: 'without Node types' }] : hosted
  })
}

async function compile(folder, { compiler, setting, consumer }) {
  const { files, options } = consumers[consumer]
  const name = `${compiler.version}-${setting}-${files.length}.json`
  const compilerOptions = { ...strict, ...settings[setting], ...options }
  writeFileSync(join(folder, name), JSON.stringify({ compilerOptions, files }))
  const { code, output } = await run(process.execPath, [compiler.path, '-p', name], { cwd: folder })
  if (code !== 0) problems.push(`TypeScript ${compiler.version}, ${setting}, ${consumer}:\n${output.trim()}`)
}

function namesOf(tries) {
  return [...new Set(tries.map(({ compiler }) => compiler.version))].join(', ')
}
