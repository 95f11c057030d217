/** What would be published: every tarball by publint (strict), attw (ESM only) and by its list of files. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { conclude, publishedPackages, root } from '../repository.mjs'
import { inParallel, run, runOrThrow } from '../run.mjs'
import { packAll } from './pack.mjs'

const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js')
const directory = mkdtempSync(join(tmpdir(), 'quorate-packages-'))
try {
  const tarballs = await packAll(directory)
  const checks = publishedPackages().map((each) => () => problemsOf(each, tarballs.get(each.name)))
  const problems = (await inParallel(checks, availableParallelism())).flat()
  conclude('packages', problems, `${tarballs.size} tarballs are fit to be published`)
} finally {
  rmSync(directory, { recursive: true, force: true })
}

async function problemsOf({ name, directory, manifest }, tarball) {
  const files = (await runOrThrow('tar', ['-tzf', tarball])).trim().split('\n')
  const contents = files.map((path) => path.replace(/^package\//, ''))
  return [
    ...fileProblems(directory, contents),
    ...manifestProblems(manifest),
    ...(await publintProblems(tarball)),
    ...(await attwProblems(tarball)),
  ].map((problem) => `${name}: ${problem}`)
}

function fileProblems(directory, contents) {
  const missing = ['LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts'].filter(
    (path) => !contents.includes(path),
  )
  const unwanted = contents.filter((path) => /tsbuildinfo|(^|\/)test\/|\.test\.|fixtures|\.env|node_modules/.test(path))
  const stale = contents
    .filter((path) => /^dist\/.*\.(js|d\.ts)$/.test(path) && !/^dist\/chunk-/.test(path))
    .filter(
      (path) => !existsSync(join(root, directory, path.replace(/^dist/, 'src').replace(/(\.d\.ts|\.js)$/, '.ts'))),
    )
  return [
    ...missing.map((path) => `the tarball lacks ${path}`),
    ...unwanted.map((path) => `the tarball holds ${path}`),
    ...stale.map((path) => `the tarball holds ${path}, which has no source (remove dist and build again)`),
  ]
}

function manifestProblems(manifest) {
  const wanted = { license: 'Apache-2.0', type: 'module', sideEffects: false }
  return [
    ...Object.entries(wanted)
      .filter(([key, value]) => manifest[key] !== value)
      .map(([key, value]) => `package.json must say "${key}": ${JSON.stringify(value)}`),
    ...(manifest.engines?.node === '>=20.19' ? [] : ['package.json must say engines.node ">=20.19"']),
    ...(manifest.description ? [] : ['package.json has no description']),
  ]
}

async function publintProblems(tarball) {
  const bytes = readFileSync(tarball)
  const { messages, pkg } = await publint({
    pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) },
    strict: true,
    level: 'suggestion',
  })
  return messages.map((message) => `publint ${message.type}: ${formatMessage(message, pkg, { color: false })}`)
}

async function attwProblems(tarball) {
  const { code, output } = await run(process.execPath, [
    attw,
    tarball,
    '--profile',
    'esm-only',
    '--no-color',
    '--no-emoji',
  ])
  return code === 0 ? [] : [`attw: ${output.trim()}`]
}
