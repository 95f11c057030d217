/** Installs the packages into empty folders with plain npm, as users would pick them, and tries each. */
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { conclude } from '../repository.mjs'
import { runOrThrow } from '../run.mjs'
import { packAll } from '../packages/pack.mjs'
import { installInto, installIntoPlain } from './folder.mjs'
import { compileHello, runHello } from './hello-world.mjs'
import { nodeBinary } from './node-versions.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const directory = realpathSync(mkdtempSync(join(tmpdir(), 'quorate-pick-and-mix-')))
const problems = []
let tried = 0

await attempt('the tarballs', async () => {
  mkdirSync(join(directory, 'tarballs'))
  const tarballs = await packAll(join(directory, 'tarballs'))
  await wholeHouse(tarballs)
  await plainFolder(tarballs)
  await alone('own-driver.mjs', ['@quorate/raft', '@quorate/contracts'], tarballs, [])
  await alone('own-storage.test.mjs', ['@quorate/conformance', '@quorate/contracts'], tarballs, ['--test'])
})
rmSync(directory, { recursive: true, force: true })
conclude('pick-and-mix', problems, `${tried} ways to use the packages`)

/** `quorate` alone: the README's example, compiled, then by `import` and by `require` on every Node.js we promise. */
async function wholeHouse(tarballs) {
  const folder = join(directory, 'hello')
  const installed = await attempt('npm install quorate', () =>
    installInto(folder, ['quorate'], tarballs, { zod: '^4.6.7' }),
  )
  if (!installed) return
  await attempt('the hello world compiles', () => compileHello(folder))
  for (const major of [20, 22, 24]) {
    for (const how of ['import', 'require']) {
      await attempt(`the hello world by ${how} on Node ${major}`, async () =>
        runHello(folder, await nodeBinary(major), how),
      )
    }
  }
}

/** What `npm init -y` makes, with the example as the README prints it, and by the README's way from TypeScript. */
async function plainFolder(tarballs) {
  const folder = join(directory, 'plain')
  const others = { zod: '^4.6.7', typescript: '*', '@types/node': '^20.19.0' }
  const installed = await attempt('npm init -y, npm install quorate', () =>
    installIntoPlain(folder, ['quorate'], tarballs, others),
  )
  if (!installed) return
  for (const how of ['as it stands', 'compiled']) {
    await attempt(`the hello world ${how} after npm init -y`, () => runHello(folder, process.execPath, how))
  }
}

/** One of the files beside this one, with nothing installed but the packages it names. */
async function alone(file, names, tarballs, options) {
  const folder = join(directory, file)
  await attempt(`${file} with ${names.join(' and ')}`, async () => {
    await installInto(folder, names, tarballs)
    copyFileSync(join(here, file), join(folder, file))
    await runOrThrow(process.execPath, [...options, file], { cwd: folder, timeoutMs: 120_000 })
  })
}

async function attempt(what, task) {
  try {
    await task()
    tried += 1
    return true
  } catch (error) {
    problems.push(`${what}: ${error.message}`)
    return false
  }
}
