import { seededRandom } from '@quorate/contracts'
import { expect, test } from 'vitest'
import { crc32c } from '../src/crc32c.js'
import { bytesOf } from './places.js'

/** RFC 3720, appendix B.4, and the usual check value. */
const vectors = [
  { of: 'nothing', bytes: new Uint8Array(), crc: 0 },
  { of: '123456789', bytes: bytesOf('123456789'), crc: 0xe306_9283 },
  { of: '32 zeros', bytes: new Uint8Array(32), crc: 0x8a91_36aa },
  { of: '32 ones', bytes: new Uint8Array(32).fill(0xff), crc: 0x62a8_ab43 },
  { of: '0 to 31', bytes: Uint8Array.from({ length: 32 }, (_, at) => at), crc: 0x46dd_794e },
  { of: '31 to 0', bytes: Uint8Array.from({ length: 32 }, (_, at) => 31 - at), crc: 0x113f_db5c },
]

test.each(vectors)('the CRC-32C of $of is the one of RFC 3720', ({ bytes, crc }) => {
  expect(crc32c(bytes)).toBe(crc)
})

test('slicing by eight gives what bit by bit gives, from any place to any other', () => {
  const bytes = randomBytes(1, 200)
  for (let start = 0; start < 20; start += 1) {
    for (let end = start; end <= bytes.length; end += 7) {
      expect(crc32c(bytes, start, end)).toBe(bitByBit(bytes.subarray(start, end)))
    }
  }
})

test('a checksum goes on from an earlier one', () => {
  const bytes = randomBytes(2, 100)
  for (let cut = 0; cut <= 100; cut += 1) {
    expect(crc32c(bytes, cut, 100, crc32c(bytes, 0, cut))).toBe(crc32c(bytes))
  }
})

function randomBytes(seed: number, length: number): Uint8Array {
  const random = seededRandom(seed)
  return Uint8Array.from({ length }, () => random.nextInt(256))
}

function bitByBit(bytes: Uint8Array): number {
  let crc = 0xffff_ffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1
  }
  return ~crc >>> 0
}
