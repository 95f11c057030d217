import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { clusterScript, hasOpenssl } from '../../../tools/certificates/cluster.js'
import { introduce, member, until } from './members.js'

test.runIf(hasOpenssl())('the script makes certificates that members link with, for their user alone', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-certificates-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  chmodSync(directory, 0o755)
  execFileSync(clusterScript, [directory, 'a', 'b'])
  const before = readFileSync(join(directory, 'a.pem'), 'utf8')
  expect(execFileSync(clusterScript, [directory, 'a', 'c']).toString()).toContain('nothing was made for a')
  expect(readFileSync(join(directory, 'a.pem'), 'utf8')).toBe(before)
  for (const name of readdirSync(directory))
    expect([name, statSync(join(directory, name)).mode & 0o077]).toEqual([name, 0])

  const read = (name: string) => readFileSync(join(directory, name))
  const tlsOf = (id: string) => ({ cert: read(`${id}.pem`), key: read(`${id}.key.pem`), ca: read('authority.pem') })
  const [a, b, c] = [
    await member('a', { tls: tlsOf('a') }),
    await member('b', { tls: tlsOf('b') }),
    await member('c', { tls: tlsOf('a') }),
  ]
  introduce(a, { id: b.id, address: b.running.address })
  introduce(b, { id: c.id, address: c.running.address })
  await until(() => a.links.length > 0 && b.links.length > 0)
  expect(a.links[0]).toMatch(/^b up/)
  expect(b.links[0]).toMatch(/^c down: .*shows a certificate for "a", and c is wanted/)
})

test.runIf(hasOpenssl())('the script refuses what is no id of a member', () => {
  const refused = () => execFileSync(clusterScript, [join(tmpdir(), 'quorate-not-made'), '../evil'], { stdio: 'pipe' })
  expect(refused).toThrow(/is no id of a member/)
})
