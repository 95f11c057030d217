/** `pnpm vectors FILE…`: plays conformance vectors of any kind against the Raft core. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { playLine } from './play.js'
import type { Mismatch } from './verdict.js'

const mismatchesShown = 20

const counts = { passed: 0, failed: 0, histories: 0 }

function report(where: string, { id, step, expected, got }: Mismatch): void {
  counts.failed += 1
  if (counts.failed > mismatchesShown) return
  console.log(`${where} ${id} step ${step}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`)
}

function play(text: string, where: string): void {
  try {
    const verdict = playLine(JSON.parse(text))
    if (verdict === 'history') {
      counts.histories += 1
    } else if (verdict.kind === 'failed') {
      report(where, verdict.mismatch)
    } else {
      counts.passed += 1
    }
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error)
    report(where, { id: '?', step: 0, expected: 'a line that can be played', got })
  }
}

const files = process.argv.slice(2)
if (files.length === 0) {
  console.error('usage: pnpm vectors FILE.jsonl [FILE.jsonl …]')
  process.exit(2)
}
for (const file of files) {
  let number = 0
  try {
    for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      number += 1
      if (text.trim() !== '') play(text, `${file}:${number}`)
    }
  } catch (error) {
    console.error(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    process.exit(2)
  }
}
if (counts.histories > 0) console.log(`${counts.histories} histories: they are for \`linearizability check\``)
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.failed === 0 ? 0 : 1
