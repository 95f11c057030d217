import { concatBytes, equalBytes } from '@quorate/contracts'
import { expectClaim } from './contract.js'
import {
  bytesOf,
  chunksOf,
  expectEqual,
  expectSameState,
  type MachineCase,
  type MachineClaim,
  type MachineLife,
} from './machine-life.js'

async function* withEmptyChunks(image: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield new Uint8Array()
  for await (const chunk of image) {
    yield chunk
    yield new Uint8Array()
  }
}

/** Reads an image, and does something before each chunk and at the end. The chunks are those that were handed out. */
async function readWhile(image: AsyncIterable<Uint8Array>, between: () => void): Promise<readonly Uint8Array[]> {
  const chunks: Uint8Array[] = []
  between()
  for await (const chunk of image) {
    chunks.push(chunk)
    between()
  }
  return chunks
}

/** Fails unless a life that was restored goes on as the one whose image it has. */
async function expectSameFuture(
  restored: MachineLife,
  original: MachineLife,
  commands: readonly Uint8Array[],
  what: string,
): Promise<void> {
  await expectSameState(restored, original, `${what}, at once`)
  expectEqual(restored.run(commands), original.run(commands), `${what}: the results that follow`)
  await expectSameState(restored, original, `${what}, after more commands`)
}

/** Images: written by one life, read by another. */
export const snapshotCases: readonly MachineClaim[] = [
  {
    claim: 'writing a snapshot changes nothing',
    run: async ({ another, commands }: MachineCase): Promise<void> => {
      const [written, other] = [another(), another()]
      written.run(commands)
      other.run(commands)
      await written.image()
      await expectSameState(written, other, 'a life that wrote a snapshot before and one that did not')
      const what = 'the results of a life that wrote snapshots and one that did not'
      expectEqual(written.run(commands), other.run(commands), what)
    },
  },
  {
    claim: 'a restored life is as one that replayed everything, and goes on like it, from wherever it was restored',
    run: async ({ another, commands, queries }: MachineCase): Promise<void> => {
      for (let cut = 0; cut <= commands.length; cut += 1) {
        const [replayed, restored] = [another(), another()]
        replayed.run(commands.slice(0, cut))
        restored.run(commands)
        await restored.restore(replayed)
        expectEqual(restored.ask(queries), replayed.ask(queries), `answers after a restore of ${cut} commands`)
        const rest = [...commands.slice(cut), ...commands]
        await expectSameFuture(restored, replayed, rest, `a life restored from ${cut} commands`)
      }
    },
  },
  {
    claim: 'an image may come in whatever chunks, one byte each and empty ones included',
    run: async ({ another, commands }: MachineCase): Promise<void> => {
      const original = another()
      original.run(commands)
      const image = await original.image()
      for (const size of [1, 7, 100, 65_536, Math.max(1, image.length)]) {
        const restored = another()
        await restored.restore(original, size)
        await expectSameState(restored, original, `a life restored from chunks of ${size} bytes`)
      }
      const restored = another()
      await restored.machine.restore(withEmptyChunks(chunksOf(image, 10)), restored.machine.activeVersion)
      await expectSameState(restored, original, 'a life restored from chunks between empty ones')
    },
  },
  {
    claim: 'D29: a snapshot is of the moment of the call, whatever is applied until it was read to its end',
    run: async ({ another, commands }: MachineCase): Promise<void> => {
      const life = another()
      const half = commands.slice(0, Math.ceil(commands.length / 2))
      life.run(half)
      const before = await life.image()
      const { snapshotHoldsApply } = life.machine
      // Nothing may be applied while a machine that holds is read: then it has to be right after that, and no more.
      const chunks = await readWhile(life.machine.snapshot(), () => snapshotHoldsApply || life.run(commands))
      const isOfTheMoment = equalBytes(concatBytes(chunks), before)
      expectClaim(isOfTheMoment, 'a snapshot is not of the moment at which it was asked for')
      life.run(commands)
      await life.image()
      expectClaim(equalBytes(concatBytes(chunks), before), 'chunks that were handed out have changed')
      expectClaim(life.machine.snapshotHoldsApply === snapshotHoldsApply, 'snapshotHoldsApply changes with the state')
    },
  },
  {
    claim: 'two snapshots may be read at once',
    run: async ({ another, commands }: MachineCase): Promise<void> => {
      const life = another()
      life.run(commands)
      const alone = await life.image()
      const both = await Promise.all([bytesOf(life.machine.snapshot()), bytesOf(life.machine.snapshot())])
      expectEqual(both, [alone, alone], 'snapshots that were read at once, and one alone')
    },
  },
  {
    claim: 'two lives share nothing: what one does after a restore, the other does not see',
    run: async ({ another, commands }: MachineCase): Promise<void> => {
      const [original, one, other] = [another(), another(), another()]
      original.run(commands)
      await one.restore(original)
      await other.restore(original)
      for (const [at, command] of commands.entries()) {
        other.run([command])
        await expectSameState(one, original, `two lives, after command ${at + 1} on a third one`)
      }
      const fresh = another()
      await fresh.restore(original)
      await expectSameState(one, fresh, 'a life restored before and one restored after what a third one did')
    },
  },
]
