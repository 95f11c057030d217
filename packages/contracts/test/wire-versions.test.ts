import { commonVersion } from '@quorate/contracts'
import { expect, test } from 'vitest'

const span = (oldest: number, newest: number) => ({ oldest, newest })

test.each([
  [span(1, 1), span(1, 1), 1],
  [span(1, 1), span(1, 2), 1],
  [span(1, 3), span(2, 5), 3],
  [span(2, 5), span(1, 3), 3],
  [span(1, 9), span(4, 4), 4],
])('D40: between %o and %o the newest common version is chosen', (ours, theirs, version) => {
  expect(commonVersion(ours, theirs)).toEqual({ version })
})

test.each([
  [
    span(1, 1),
    span(2, 3),
    'FORMAT_TOO_NEW: the other side speaks wire format 2 to 3, and this member speaks 1: upgrade this member',
  ],
  [span(2, 3), span(1, 1), 'the other side speaks wire format 1, and this member speaks 2 to 3: upgrade the other one'],
  [
    span(1, 1),
    span(3, 1),
    'the other side speaks wire format 3 to 1, and this member speaks 1: that is no range of versions',
  ],
])('D40: between %o and %o there is none, and the reason says who is to be upgraded', (ours, theirs, refuse) => {
  expect(commonVersion(ours, theirs)).toEqual({ refuse })
})
