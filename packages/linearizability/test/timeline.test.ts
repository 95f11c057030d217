/** The page of a counterexample: everything on it, nothing from elsewhere, and no text that becomes markup. */
import { describe, expect, test } from 'vitest'
import { findCounterexample, keyValueModel, renderTimeline, type Counterexample } from '../src/index.js'
import { layOut } from '../src/timeline/layout.js'
import { done, lost } from './short-hand.js'

const history = [
  done('alice', { kind: 'put', key: 'x', value: '1' } as const, null, [1, 2]),
  lost('bob', { kind: 'put', key: 'x', value: '</script><b>&"' } as const, 3),
  done('alice', { kind: 'put', key: 'x', value: '2' } as const, null, [4, 7]),
  done('bob', { kind: 'get', key: 'x' } as const, '2', [5, 8]),
  done('carol', { kind: 'get', key: 'x' } as const, '1', [9, 10]),
]

function found(): Counterexample<unknown, unknown> {
  const counterexample = findCounterexample(history, keyValueModel<string>())
  if (counterexample === null) throw new Error('there is a stale read in it')
  return counterexample
}

describe('the timeline', () => {
  test('needs nothing from elsewhere', () => {
    const page = renderTimeline(found(), { title: 'stale' })
    expect(page).not.toMatch(/(?:src|href)=|url\((?!#)|@import|https?:/)
    expect(page).toMatch(/^<!doctype html>/)
    expect(page).toContain('prefers-color-scheme: dark')
  })

  test('takes no text for markup', () => {
    const page = renderTimeline(found(), { title: '<i>title</i>' })
    expect(page).not.toContain('<b>')
    expect(page).not.toContain('<i>')
    expect(page.match(/<\/script>/g)).toHaveLength(1)
  })

  test('marks what no order explains, once', () => {
    const page = renderTimeline(found())
    expect(page.match(/class="bar culprit"/g)).toHaveLength(1)
    expect(page).toContain('No order explains')
  })

  test('draws the order from left to right, each step within its bar', () => {
    const { bars } = layOut(found())
    const steps = bars.flatMap(({ step, from, to }) => (step === null ? [] : [{ ...step, from, to: to ?? Infinity }]))
    steps.sort((one, other) => one.number - other.number)
    expect(steps.length).toBeGreaterThan(1)
    steps.forEach(({ at, from, to }, place) => {
      expect(at).toBeGreaterThan(from)
      expect(at).toBeLessThan(to)
      if (place > 0) expect(at).toBeGreaterThan(steps[place - 1]!.at)
    })
  })

  test('gives no two bars the same place', () => {
    const { bars } = layOut(found())
    for (const one of bars) {
      const beside = bars.filter((other) => other !== one && other.row === one.row && other.from >= one.from)
      for (const other of beside) expect(other.from).toBeGreaterThan(one.to ?? Infinity)
    }
  })
})
