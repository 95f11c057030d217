import { clusterTime, encodeEnvelope, position, type Envelope } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { counter } from '@quorate/machine-counter'
import { kv } from '@quorate/machine-kv'
import { expect, test } from 'vitest'
import { ClusterClock } from '../src/cluster-clock.js'
import { ReplicatedState } from '../src/replicated-state.js'
import { encodeOpening } from '../src/sessions/opening.js'

const nonce = Uint8Array.from({ length: 16 }, (_, at) => at)

function envelope(differs: Partial<Envelope>): Uint8Array {
  return encodeEnvelope({
    ...{
      kind: 'command',
      cluster: new Uint8Array(16).fill(1),
      codec: counter.codec,
      machineVersion: 1,
      wallMs: 1_000,
      clusterTime: clusterTime(50),
    },
    ...{
      session: position(0),
      sessionNonce: nonce,
      sessionSequence: 0,
      lowestUnacknowledged: 1,
      command: new Uint8Array(),
    },
    ...differs,
  })
}

function newState(): ReplicatedState {
  return new ReplicatedState(counter.create(), new ClusterClock(nodeEnvironment()))
}

/** One session, one increment under its count 1. */
function usedState(): ReplicatedState {
  const state = newState()
  state.apply(
    envelope({ kind: 'openSession', command: encodeOpening({ owner: 'caller', timeoutMs: 1_000 }) }),
    position(1),
  )
  state.apply(envelope({ session: position(1), sessionSequence: 1, command: add(5) }), position(2))
  return state
}

function add(by: number): Uint8Array {
  return counter.commands.add.encode({ by })
}

async function collected(image: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of image) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

async function* inPieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) {
    await Promise.resolve()
    yield bytes.subarray(at, at + length)
  }
}

test.each([1, 7, 100_000])('D11: an image holds machine, sessions and times, in pieces of %i bytes', async (length) => {
  const image = await collected(usedState().image())
  const restored = newState()
  await restored.restore(inPieces(image, length))
  expect(await collected(restored.image())).toEqual(image)
  const again = restored.apply(envelope({ session: position(1), sessionSequence: 1, command: add(5) }), position(3))
  expect(again?.kind === 'answered' && counter.commands.add.decodeResult(again.result)).toBe(5)
  const value = counter.queries.value.decodeResult(restored.machine.query(counter.queries.value.encode()))
  expect(value).toBe(5)
  expect(restored.clock.applied).toEqual({ clusterTime: 50, wallMs: 1_000 })
})

test('D40: an image of another machine, of a later format, cut or damaged, is refused with what to do', async () => {
  const image = await collected(usedState().image())
  const restore = (bytes: Uint8Array): Promise<void> => newState().restore(inPieces(bytes, 50))
  const other = new ReplicatedState(kv.create(), new ClusterClock(nodeEnvironment()))
  await expect(restore(await collected(other.image()))).rejects.toMatchObject({
    code: 'STORAGE_CORRUPT',
    message: expect.stringContaining('of the machine "kv"') as string,
  })
  const newer = image.slice()
  newer[4] = 9
  await expect(restore(newer)).rejects.toMatchObject({ code: 'FORMAT_TOO_NEW' })
  await expect(restore(image.subarray(0, 20))).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
  await expect(restore(new Uint8Array())).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
})

test('D12: a clock command moves time on and ends sessions, and nobody waits for it', () => {
  const state = usedState()
  expect(state.nextDeadline()).toBe(1_050)
  expect(state.apply(envelope({ kind: 'clock', clusterTime: clusterTime(1_050) }), position(3))).toBeNull()
  expect(state.sessions.size).toBe(0)
  const late = state.apply(envelope({ session: position(1), sessionSequence: 2, command: add(1) }), position(4))
  expect(late).toMatchObject({ kind: 'refused', key: { session: 1 }, sequence: 2, why: 'expired' })
})

test('an opening in the log that is none opens nothing, and stops nobody', () => {
  const state = newState()
  for (const [at, length] of [0, 3, 4, 6].entries()) {
    const opening = envelope({ kind: 'openSession', command: new Uint8Array(length) })
    expect(state.apply(opening, position(at + 1))).toBeNull()
  }
  expect(state.sessions.size).toBe(0)
})
