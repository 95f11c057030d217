import { expect, test } from 'vitest'
import { TurnBudget } from '../src/turn-budget.js'

/** A loop whose turns a test begins by hand, in its own time. */
class Loop {
  nowMs = 0
  #next: (() => void)[] = []
  readonly budget = new TurnBudget({
    monotonicMs: () => this.nowMs,
    yieldTurn: () => new Promise<void>((resolve) => this.#next.push(resolve)),
  })
  /** What was carried out. */
  readonly done: string[] = []

  work(network: string, name: string, ms: number): Promise<string> {
    return this.budget.run(network, () => {
      this.nowMs += ms
      this.done.push(name)
      return name
    })
  }

  async turn(): Promise<readonly string[]> {
    const begun = this.done.length
    for (const resolve of this.#next.splice(0)) resolve()
    await Promise.resolve()
    return this.done.slice(begun)
  }
}

test('work is carried out at once while a turn has time left, and then in later ones', async () => {
  const loop = new Loop()
  const all = ['1', '2', '3', '4', '5', '6'].map((name) => loop.work('a', name, 6))
  expect(loop.done).toEqual(['1', '2'])
  expect(await loop.turn()).toEqual(['3', '4'])
  expect(await loop.turn()).toEqual(['5', '6'])
  expect(await Promise.all(all)).toEqual(['1', '2', '3', '4', '5', '6'])
  expect(await loop.turn()).toEqual([])
  void loop.work('a', '7', 6)
  expect(loop.done.at(-1), 'nothing is left of earlier turns').toBe('7')
})

test('an address with much work leaves room for others: those who wait are served in turn', async () => {
  const loop = new Loop()
  for (let count = 1; count <= 6; count += 1) void loop.work('greedy', `g${count}`, 10)
  void loop.work('modest', 'm1', 5)
  void loop.work('other', 'o1', 5)
  expect(loop.done).toEqual(['g1'])
  expect(await loop.turn()).toEqual(['g2'])
  expect(await loop.turn()).toEqual(['m1', 'o1'])
  expect(await loop.turn()).toEqual(['g3'])
})

test('what comes while others wait does not overtake them', async () => {
  const loop = new Loop()
  for (const name of ['1', '2', '3']) void loop.work('a', name, 10)
  expect(await loop.turn()).toEqual(['2'])
  void loop.work('b', 'late', 1)
  expect(loop.done).toEqual(['1', '2'])
  expect(await loop.turn()).toEqual(['3'])
  expect(await loop.turn()).toEqual(['late'])
})

test('work that throws or rejects ends as it does, and takes its time', async () => {
  const loop = new Loop()
  const thrown = loop.budget.run('a', () => {
    loop.nowMs += 10
    throw new Error('thrown')
  })
  const later = loop.budget.run('a', () => Promise.reject(new Error('rejected')))
  await expect(thrown).rejects.toThrow('thrown')
  await loop.turn()
  await expect(later).rejects.toThrow('rejected')
})
