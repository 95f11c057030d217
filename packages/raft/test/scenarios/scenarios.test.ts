import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { runScenario } from '../../src/testing/index.js'

const folder = new URL('.', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.txt'))

describe(`${files.length} scenarios`, () => {
  for (const file of files) {
    it(nameOf(file), async () => {
      const path = fileURLToPath(new URL(file, folder))
      const text = readFileSync(path, 'utf8')
      expect(text, 'opens with its story').toMatch(/^(# .+\n){2,5}\n/)
      const happened = runScenario(text, file)
      expect(happened).not.toContain('INVARIANT BROKEN')
      await expect(happened).toMatchFileSnapshot(path)
    })
  }
})

/** The file's claim, with the bad days that its story names. */
function nameOf(file: string): string {
  const story = readFileSync(new URL(file, folder), 'utf8').split('\n\n')[0] ?? ''
  const faults = story.match(/\b[FDW]-?\d+\b/g) ?? []
  const claim = file.replace('.txt', '').replaceAll('-', ' ')
  return faults.length > 0 ? `${faults.join(', ')}: ${claim}` : claim
}
