import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { DemoRun, isRunning } from './demo-run.js'

const root = mkdtempSync(join(tmpdir(), 'quorate-demo-test-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

async function allGone(pids: readonly number[]): Promise<void> {
  while (pids.some(isRunning)) await pause(20)
}

test('the counter counts to 1,000 through a leader’s death, and goes on from there in the same directory', async () => {
  const directory = join(root, 'counter')
  const first = new DemoRun('--once', '--machine', 'counter', '--members', '3', '--directory', directory)
  expect(await first.ended, first.output).toBe(0)
  expect(first.output).toMatch(/1000 increments through 16 clients, from 0/)
  expect(first.output).toMatch(/SIGKILL for the leader n[123]/)
  expect(first.output).toMatch(/ms without a successful write/)
  expect(first.output).toMatch(/all 3 members have digest [0-9a-f]{16}/)
  expect(first.output).toMatch(/All of it held/)
  const second = new DemoRun('--once', '--machine', 'counter', '--directory', directory)
  expect(await second.ended, second.output).toBe(0)
  expect(second.output).not.toMatch(/from 0/)
  await allGone([...first.memberPids, ...second.memberPids])
})

test('the files of this repository survive it in three processes; Ctrl-C ends all of them', async () => {
  const demo = new DemoRun('--members', '3')
  await demo.says(/Ctrl-C stops everything/)
  expect(demo.output).toMatch(/acknowledged files are all there, byte for byte/)
  process.kill(demo.memberPids.find(isRunning) ?? 0, 'SIGKILL')
  await demo.says(/n\d is gone \(SIGKILL\)[^]*n\d is back, pid \d+/)
  demo.signal('SIGINT')
  expect(await demo.ended).toBe(0)
  await allGone(demo.memberPids)
})

test('D7: a member that was dead for longer than the log reaches back takes over a snapshot', async () => {
  const demo = new DemoRun('--once', '--members', '3', '--snapshot-every', '40')
  expect(await demo.ended, demo.output).toBe(0)
  const [, killed = 'nobody'] = /SIGKILL for the leader (n\d)/.exec(demo.output) ?? []
  expect(demo.output).toMatch(new RegExp(`${killed} took over a snapshot of position \\d+`))
  expect(demo.output).toMatch(/all 3 members have digest/)
})

test('members do not outlive a demo that was killed', async () => {
  const demo = new DemoRun('--members', '3')
  await demo.says(/n3 .*pid \d+/)
  demo.signal('SIGKILL')
  await demo.ended
  await allGone(demo.memberPids)
})

test.each([
  [['--members', '2'], /must be a whole number from 3 to 9/],
  [['--members', 'five'], /must be a whole number from 3 to 9/],
  [['--machine', 'lock'], /Allowed choices are kv, counter/],
  [['--port', '70000'], /must be a whole number from 1 to/],
  [['--colour'], /unknown option '--colour'/],
])('bad arguments get one clear line: %j', async (options, message) => {
  const demo = new DemoRun(...options)
  expect(await demo.ended).toBe(1)
  expect(demo.output).toMatch(message)
  expect(demo.output.trim().split('\n').length).toBe(1)
})

test('a port in use, and a directory that is not the demo’s, are told in one line', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const busy = new DemoRun('--once', '--port', String(port - 1))
  expect(await busy.ended).toBe(1)
  expect(busy.output.trim()).toMatch(/^✗ 127\.0\.0\.1:\d+ is in use by another process: stop it, or choose .* --port$/)
  server.close()

  writeFileSync(join(root, 'letter.txt'), 'dear diary')
  const foreign = new DemoRun('--once', '--directory', root)
  expect(await foreign.ended).toBe(1)
  expect(foreign.output.trim()).toMatch(
    /^✗ .* holds other files and no earlier demo: choose an empty or a new directory$/,
  )
})
