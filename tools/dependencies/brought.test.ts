import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { broughtBy, differencesOf, missingLicences } from './brought.mjs'

const run = promisify(execFile)

async function install(directory: string, manifest: object): Promise<void> {
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'package.json'), JSON.stringify(manifest))
}

test('what the published packages bring is what the list says', async () => {
  const { stdout } = await run(process.execPath, [fileURLToPath(new URL('check.mjs', import.meta.url))])
  expect(stdout).toMatch(/^dependencies: \d+ packages bring \d+ of others, as listed/)
})

test('a new dependency, another version, another licence and a script at installation are each told', async () => {
  const root = await mkdtemp(join(tmpdir(), 'quorate-dependencies-'))
  onTestFinished(() => rm(root, { recursive: true }))
  const own = { name: 'own', directory: join(root, 'own') }
  const modules = join(own.directory, 'node_modules')
  await install(own.directory, { dependencies: { one: '^1.0.0' }, devDependencies: { tool: '1' } })
  await install(join(modules, 'one'), { name: 'one', version: '1.0.0', license: 'MIT' })
  const listed = broughtBy([own])
  expect(listed.brings).toEqual({ own: ['one 1.0.0'] })
  expect(differencesOf(listed, broughtBy([own]))).toEqual([])

  await install(join(modules, 'one'), { version: '1.0.0', license: 'BUSL-1.1', scripts: { postinstall: 'sh' } })
  expect(differencesOf(listed, broughtBy([own]))).toEqual([
    'one 1.0.0 has the licence BUSL-1.1, and MIT is listed',
    'one 1.0.0 runs a script at installation: postinstall',
  ])

  await install(join(modules, 'one'), { version: '1.0.1', license: 'MIT', dependencies: { deep: '2' } })
  await install(join(modules, 'deep'), { version: '2.0.0', scripts: { install: 'node-gyp' } })
  expect(differencesOf(listed, broughtBy([own]))).toEqual([
    'own brings deep 2.0.0, which is not listed',
    'own brings one 1.0.1, which is not listed',
    'own brings one 1.0.0 no more',
    'deep 2.0.0 is not listed: its licence is none said',
    'deep 2.0.0 runs a script at installation: install',
    'one 1.0.1 is not listed: its licence is MIT',
  ])
})

test('code that is bundled is told by its source maps, and its licence has to stand beside it', async () => {
  const root = await mkdtemp(join(tmpdir(), 'quorate-bundled-'))
  onTestFinished(() => rm(root, { recursive: true }))
  const own = { name: 'own', directory: join(root, 'own') }
  const user = { name: 'user', directory: join(root, 'user') }
  const store = join(root, 'node_modules/.store/one@1.0.0/node_modules/one')
  await install(own.directory, { name: 'own', devDependencies: { one: '1' } })
  await install(user.directory, { name: 'user', dependencies: { own: '1' } })
  await mkdir(join(user.directory, 'node_modules'))
  await symlink(own.directory, join(user.directory, 'node_modules/own'))
  await install(store, { name: 'one', version: '1.0.0', license: 'MIT', scripts: { install: 'node-gyp' } })
  await writeFile(join(store, 'LICENSE'), 'as is\n')
  await mkdir(join(own.directory, 'dist'))
  const sources = ['../src/index.ts', '../../node_modules/.store/one@1.0.0/node_modules/one/pack.js']
  await writeFile(join(own.directory, 'dist/index.js.map'), JSON.stringify({ sources }))

  expect(broughtBy([own, user])).toEqual({
    brings: { own: ['one 1.0.0 (bundled)'], user: ['one 1.0.0 (bundled)'] },
    packages: { 'one 1.0.0': { licence: 'MIT', installScripts: [] } },
  })
  expect(missingLicences(own)).toEqual(['own bundles one, and its THIRD-PARTY-LICENSES.md does not hold that licence'])
  await writeFile(join(own.directory, 'THIRD-PARTY-LICENSES.md'), '## one\n\nas is\n')
  expect(missingLicences(own)).toEqual([])
})
