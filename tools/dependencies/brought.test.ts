import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { broughtBy, differencesOf } from './brought.mjs'

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
