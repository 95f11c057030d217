import { join } from 'node:path'
import { expect, test } from 'vitest'
import { outcomes, type Outcome } from './hostile-directory/attacks.js'

const mebibyte = 2 ** 20

test.runIf(process.platform === 'linux')(
  'a hostile directory ends a start and the tools, leaves other files alone, and does not fill the memory',
  async () => {
    const all: Outcome[] = []
    for await (const outcome of outcomes(join(import.meta.dirname, '../../..'), ['open', 'verify'])) all.push(outcome)
    const usual = Math.max(...all.filter(({ change }) => change === 'nothing').map((each) => each.residentBytesMax))
    for (const { change, file, command, code, said, isVictimWhole, residentBytesMax } of all) {
      const name = `${command} of a directory whose ${file} is ${change}`
      expect(isVictimWhole, name).toBe(true)
      expect(residentBytesMax - usual, `${name}: bytes resident above the usual`).toBeLessThan(96 * mebibyte)
      // Zeros behind the last record of a segment are room for more.
      const isHarmless = change === 'nothing' || (file === 'journal' && /MiB of holes/.test(change))
      expect(code === 0, `${name}: ${said}`).toBe(isHarmless)
    }
  },
)
