import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)

test('every bad day has a test that names it, or a word about when or why not', async () => {
  const { stdout } = await run(process.execPath, [fileURLToPath(new URL('rows.mjs', import.meta.url))])
  expect(stdout).toMatch(/bad days: 74 cases are shown/)
})

test('every threat has a test of its name, or is said to be missing', async () => {
  const { stdout } = await run(process.execPath, [fileURLToPath(new URL('rows.mjs', import.meta.url))])
  expect(stdout).toMatch(/threats: \d+ threats are shown by tests/)
})
