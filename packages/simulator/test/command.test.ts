import { raftSubject } from './raft/raft-subject.js'
import { expect, test } from 'vitest'
import { drawPlan, usualLimits } from '@quorate/simulator'
import { simulatorCommand } from '@quorate/simulator/node'

async function saidTo(...args: string[]): Promise<{ readonly code: number; readonly said: string }> {
  const lines: string[] = []
  const code = await simulatorCommand(raftSubject, args, { say: (line) => lines.push(line), replay: 'sim' })
  return { code, said: lines.join('\n') }
}

test('a profile that there is not is answered with the list of those that there are', async () => {
  const { code, said } = await saidTo('--seed', '1', '--profile', 'weather')
  expect(code).toBe(2)
  expect(said).toMatch(/^--profile takes one of any, mixture, client, .*power.*, not "weather"$/m)
})

test('the plans of a profile are run, and no others', async () => {
  const sizeOf = (seed: number, profile: 'any' | 'hermits'): number =>
    drawPlan(seed, { ...usualLimits, safetyMs: 500, profile }).cluster.ids.length
  let seed = 1
  while (sizeOf(seed, 'any') === sizeOf(seed, 'hermits')) seed += 1
  const { code, said } = await saidTo('--seed', String(seed), '--seconds', '1', '--profile', 'hermits')
  expect(said).toContain(`seed ${seed}: ${sizeOf(seed, 'hermits')} members`)
  expect(code).toBe(0)
})
