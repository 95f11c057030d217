/** 60 histories of one register with the verdicts of an independent checker. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { readHistories } from '../src/node/index.js'

const file = fileURLToPath(new URL('fixtures/histories.jsonl', import.meta.url))

test('the verdicts are those of an independent checker', async () => {
  const verdicts: string[] = []
  for await (const read of readHistories(file)) {
    expect(`${read.id} ${read.judge().verdict}`).toBe(
      `${read.id} ${read.isLinearizable === true ? 'linearizable' : 'notLinearizable'}`,
    )
    verdicts.push(read.judge().verdict)
  }
  expect(verdicts).toHaveLength(60)
  expect(verdicts.filter((verdict) => verdict === 'notLinearizable')).toHaveLength(12)
})
