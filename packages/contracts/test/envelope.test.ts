import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  BytesError,
  clusterIdBytes,
  clusterTime,
  decodeEnvelope,
  encodeEnvelope,
  envelopeOverheadBytes,
  equalBytes,
  position,
  QuorateError,
  sessionNonceBytes,
  type Envelope,
} from '../src/index.js'

const sample: Envelope = {
  kind: 'command',
  cluster: Uint8Array.from({ length: clusterIdBytes }, (_, at) => at),
  codec: 'msgpack-1',
  machineVersion: 3,
  wallMs: 1_700_000_000_000,
  clusterTime: clusterTime(12_345),
  session: position(7),
  sessionNonce: Uint8Array.from({ length: sessionNonceBytes }, (_, at) => 255 - at),
  sessionSequence: 2,
  lowestUnacknowledged: 1,
  command: Uint8Array.of(1, 2, 3),
}

const envelopes: fc.Arbitrary<Envelope> = fc.record({
  kind: fc.constantFrom('command', 'openSession', 'clock', 'activate', 'closeSession'),
  cluster: fc.uint8Array({ minLength: clusterIdBytes, maxLength: clusterIdBytes }),
  codec: fc.string({ unit: 'binary-ascii', maxLength: 20 }),
  machineVersion: fc.nat(2 ** 31),
  wallMs: fc.maxSafeNat(),
  clusterTime: fc.maxSafeNat().map(clusterTime),
  session: fc.maxSafeNat().map(position),
  sessionNonce: fc.uint8Array({ minLength: sessionNonceBytes, maxLength: sessionNonceBytes }),
  sessionSequence: fc.maxSafeNat(),
  lowestUnacknowledged: fc.maxSafeNat(),
  command: fc.uint8Array(),
})

describe('the envelope of a command', () => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(envelopes, (envelope) => {
        const decoded = decodeEnvelope(encodeEnvelope(envelope))
        for (const bytes of ['command', 'cluster', 'sessionNonce'] as const) {
          expect(equalBytes(decoded[bytes], envelope[bytes])).toBe(true)
        }
        const withoutBytes = { command: null, cluster: null, sessionNonce: null }
        expect({ ...decoded, ...withoutBytes }).toEqual({ ...envelope, ...withoutBytes })
      }),
    )
  })

  test('costs what it says beside its codec and command', () => {
    expect(encodeEnvelope(sample).length).toBe(envelopeOverheadBytes + sample.codec.length + sample.command.length)
  })

  test('the command is a view of the bytes, not a copy', () => {
    const bytes = encodeEnvelope(sample)
    expect(decodeEnvelope(bytes).command.buffer).toBe(bytes.buffer)
  })

  test('D40: a later format is FORMAT_TOO_NEW, and says what to do', () => {
    const bytes = encodeEnvelope(sample)
    for (const format of [2, 3, 255]) {
      bytes[0] = format
      expect(() => decodeEnvelope(bytes)).toThrow(expect.objectContaining({ code: 'FORMAT_TOO_NEW', outcome: 'fatal' }))
      expect(() => decodeEnvelope(bytes)).toThrow(`envelope format ${format} and this version reads up to 1: upgrade`)
    }
  })

  test('changed, cut or extended anywhere, it is refused or is another envelope', () => {
    const bytes = encodeEnvelope(sample)
    const feed = (changed: Uint8Array): boolean => {
      try {
        const read = decodeEnvelope(changed)
        expect(equalBytes(encodeEnvelope(read), changed)).toBe(true)
        return true
      } catch (error) {
        const isTooNew = error instanceof QuorateError && error.code === 'FORMAT_TOO_NEW' && (changed[0] ?? 0) > 1
        if (!isTooNew && !(error instanceof BytesError)) throw error
        return false
      }
    }
    let read = 0
    for (let at = 0; at < bytes.length; at += 1) {
      for (let value = 0; value < 256; value += 1) {
        const changed = bytes.slice()
        changed[at] = value
        if (feed(changed)) read += 1
      }
      expect(feed(bytes.slice(0, at))).toBe(false)
    }
    expect(feed(Uint8Array.of(...bytes, 0))).toBe(false)
    expect(read).toBeGreaterThan(0)
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (random) => void feed(random)))
  })
})
