/** What a hello over HTTP has to answer: given out to whoever asks, so bounded, and taken once. */
import { expect, test } from 'vitest'
import { Challenges, textOfChallenge } from '../src/challenges.js'
import { answering, member, post } from './members.js'

/** Challenges that count up, at a time that the test sets. */
function counting() {
  let drawn = 0
  const clock = { nowMs: 0 }
  const challenges = new Challenges(
    { monotonicMs: () => clock.nowMs, randomBytes: (count) => new Uint8Array(count).fill((drawn += 1)) },
    { countMax: 3, lifetimeMs: 1_000 },
  )
  return { challenges, clock }
}

test('a challenge is taken once, and nothing else is', () => {
  const { challenges } = counting()
  const [first, second] = [challenges.give(), challenges.give()]
  expect(challenges.take(second)).toEqual(new Uint8Array(16).fill(2))
  expect(challenges.take(first)).toEqual(new Uint8Array(16).fill(1))
  expect([first, second].map((text) => challenges.take(text))).toEqual([null, null])
  for (const text of [undefined, '', 'f'.repeat(32)]) expect(challenges.take(text)).toBeNull()
})

test('a challenge is taken in time, and of more than the bound the oldest goes', () => {
  const { challenges, clock } = counting()
  const given = Array.from({ length: 5 }, () => challenges.give())
  expect(given.slice(0, 3).map((text) => challenges.take(text)?.[0])).toEqual([undefined, undefined, 3])
  clock.nowMs = 1_000
  expect(challenges.take(given[3])?.[0]).toBe(4)
  clock.nowMs = 1_001
  expect(challenges.take(given[4])).toBeNull()
})

test('D16: a request for a link that was overheard opens none when it is said again', async () => {
  const b = await member('b')
  const overheard = { headers: await answering(b.running.address), body: Buffer.from('nobody-1') }
  const refused = await member('c', { admit: async () => ({ refuse: 'of another cluster' }) })
  const first = { headers: await answering(refused.running.address), body: Buffer.from('a') }
  expect((await post(refused.running.address, '/quorate/link', first)).body.toString()).toBe('of another cluster')
  const again = await post(refused.running.address, '/quorate/link', first)
  expect([again.status, again.body.toString()]).toEqual([403, expect.stringContaining('answers no challenge')])
  expect((await post(refused.running.address, '/quorate/link', overheard)).status).toBe(403)
  expect(refused.proved).toHaveLength(1)
  expect(b.proved).toEqual([])
})

test('without a challenge of either side there is no link, and the host is not asked', async () => {
  const b = await member('b')
  const ask = async (headers: Record<string, string>) =>
    (await post(b.running.address, '/quorate/link', { headers, body: Buffer.from('a') })).status
  const { 'quorate-challenge': own, ...answered } = await answering(b.running.address)
  expect(await ask(answered)).toBe(403)
  expect(await ask({ ...(await answering(b.running.address)), 'quorate-challenge': `${own}00` })).toBe(403)
  expect(await ask({ 'quorate-versions': '1-1', 'quorate-challenge': textOfChallenge(new Uint8Array(16)) })).toBe(403)
  expect(b.proved).toEqual([])
})

test('a challenge is given to whoever asks, another one each time, and ends the connection', async () => {
  const b = await member('b', { token: 'sixteen-or-more-letters' })
  const ask = (token: string) =>
    post(b.running.address, '/quorate/challenge', {
      headers: { 'quorate-versions': '1-1', authorization: `Bearer ${token}` },
    })
  expect((await ask('another-token-of-nobody')).status).toBe(401)
  const [one, two] = [await ask('sixteen-or-more-letters'), await ask('sixteen-or-more-letters')]
  expect(one.body.toString()).toMatch(/^[0-9a-f]{32}$/)
  expect(one.body).not.toEqual(two.body)
  expect(one.headers.connection).toBe('close')
})
