import { expect, test } from 'vitest'
import { Quota } from '../src/quota.js'

const [first, second, third] = ['1', '2', '3'].map((network) => ({ network, isEstablished: false }))
const known = { network: '4', isEstablished: true }

test('one address takes its share, all that are not established three quarters, and the rest is for those that are', () => {
  const quota = new Quota({ max: 100, addressShare: 0.5 })
  for (const [client, count, isTaken] of [
    [first!, 30, true],
    [first!, 21, false],
    [first!, 20, true],
    [second!, 26, false],
    [second!, 25, true],
    [third!, 1, false],
    [known, 26, false],
    [known, 25, true],
  ] as const) {
    expect(quota.of(client).hasRoomFor(count)).toBe(isTaken)
    expect(quota.of(client).take(count), `${client.network} takes ${count}`).toBe(isTaken)
  }
  expect(quota.held).toBe(100)
  quota.of(first!).give(50)
  expect(quota.of(second!).take(25)).toBe(true)
  expect(quota.of(second!).take(1)).toBe(false)
})

test('what is alone has room, however large; and so has a single request within what it may need', () => {
  const quota = new Quota({ max: 100, addressShare: 0.1, loneMax: 60 })
  expect(quota.of(first!).take(1_000)).toBe(true)
  expect(quota.of(known).take(1)).toBe(false)
  quota.of(first!).give(1_000)
  for (let count = 0; count < 6; count += 1) expect(quota.of(first!).take(10)).toBe(true)
  expect(quota.of(first!).take(10)).toBe(false)
})

test('what is forced counts, and is given back', () => {
  const quota = new Quota({ max: 10, addressShare: 0.5 })
  quota.of(first!).force(20)
  expect(quota.of(second!).take(1)).toBe(false)
  quota.of(first!).give(20)
  expect(quota.held).toBe(0)
  expect(quota.of(second!).take(5)).toBe(true)
})
