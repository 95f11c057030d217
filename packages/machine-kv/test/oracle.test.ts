import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Entry } from '../src/index.js'
import { Life } from './lives.js'

type Value = string | Uint8Array

/** The same service, so plain that it cannot be wrong: an unsorted map, searched and sorted at every question. */
class Oracle {
  readonly #entries = new Map<string, Entry>()
  #revision = 0

  put(key: string, value: Value, ifVersion: number | undefined): unknown {
    const before = this.#entries.get(key)
    const version = before ? before.version : 0
    if (ifVersion !== undefined && ifVersion !== version) return { ok: false, version }
    this.#revision += 1
    const createRevision = before ? before.createRevision : this.#revision
    this.#entries.set(key, { key, value, version: version + 1, createRevision, modRevision: this.#revision })
    return { ok: true, version: version + 1, revision: this.#revision }
  }

  delete(key: string, ifVersion: number | undefined): unknown {
    const version = this.#entries.get(key)?.version ?? 0
    if (ifVersion !== undefined && ifVersion !== version) return { ok: false, version }
    const deleted = this.#entries.delete(key)
    if (deleted) this.#revision += 1
    return { ok: true, deleted, revision: this.#revision }
  }

  get(key: string): Entry | null {
    return this.#entries.get(key) ?? null
  }

  range(prefix: string, limit: number, after: string | undefined): unknown {
    const found = this.#all(prefix).filter(({ key }) => after === undefined || key > after)
    return { entries: found.slice(0, limit), more: found.length > limit, revision: this.#revision }
  }

  count(prefix: string): number {
    return this.#all(prefix).length
  }

  stats(): unknown {
    return { keys: this.#entries.size, revision: this.#revision }
  }

  #all(prefix: string): Entry[] {
    const all = [...this.#entries.values()].filter(({ key }) => key.startsWith(prefix))
    return all.sort((left, right) => (left.key < right.key ? -1 : 1))
  }
}

/** Few letters, so that keys meet; one beyond the first plane, where code units and code points are ordered differently. */
const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\u{1F600}', '\uFF5E'), minLength: 1, maxLength: 3 })
const prefix = fc.oneof(fc.constant(''), key)
const value = fc.oneof(fc.string(), fc.uint8Array({ maxLength: 8 }))
const ifVersion = fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined })

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('put' as const), key, value, ifVersion }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), key, ifVersion }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('get' as const), key }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('range' as const),
      prefix,
      limit: fc.integer({ min: 1, max: 4 }),
      after: fc.option(prefix, { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('count' as const), prefix }) },
)

type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never

function ask(life: Life, oracle: Oracle, each: Step): [answer: unknown, expected: unknown] {
  switch (each.kind) {
    case 'put': {
      const { key, value, ifVersion } = each
      return [life.put({ key, value, ifVersion }), oracle.put(key, value, ifVersion)]
    }
    case 'delete':
      return [life.delete({ key: each.key, ifVersion: each.ifVersion }), oracle.delete(each.key, each.ifVersion)]
    case 'get':
      return [life.get(each.key), oracle.get(each.key)]
    case 'range': {
      const { prefix, limit, after } = each
      return [life.range({ prefix, limit, after }), oracle.range(prefix, limit, after)]
    }
    case 'count':
      return [life.count(each.prefix), oracle.count(each.prefix)]
  }
}

test('every answer is that of a plain map, whatever was asked before', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const life = new Life()
      const oracle = new Oracle()
      for (const each of steps) {
        const [answer, expected] = ask(life, oracle, each)
        expect(answer).toEqual(expected)
        expect(life.stats()).toEqual(oracle.stats())
      }
      expect(life.range({ limit: 10_000 })).toEqual(oracle.range('', 10_000, undefined))
    }),
    { numRuns: 300 },
  )
})
