/** Files of histories, and the command that checks them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { HistoryReader, recordHistory, writeRun, type KeyValueInput, type ReadHistory } from '../src/index.js'
import { runCommand } from '../src/node/index.js'

const directory = mkdtempSync(join(tmpdir(), 'quorate-histories-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const vectors = fileURLToPath(new URL('fixtures/histories.jsonl', import.meta.url))

function readAll(lines: readonly string[], model?: string): ReadHistory[] {
  const reader = new HistoryReader(model === undefined ? {} : { model })
  const complete = lines.map((line) => reader.onLine(line))
  return [...complete, reader.onEnd()].filter((each) => each !== null)
}

const heading = '{"history":"run-1","version":1,"model":"key-value"}'
const put = '{"invoke":1,"process":"a","input":{"kind":"put","key":"x","value":7}}'
const get = '{"invoke":2,"process":"b","input":{"kind":"get","key":"x"}}'

describe('a recorded run', () => {
  test('is read event by event; what has no end is unknown, what failed is left out', () => {
    const failed = '{"invoke":3,"process":"c","input":{"kind":"delete","key":"x"}}'
    const [run] = readAll([heading, put, get, failed, '{"complete":2,"output":7}', '{"fail":3}'])
    expect(run?.id).toBe('run-1')
    expect(run?.history.map(({ process, outcome }) => [process, outcome.kind])).toEqual([
      ['a', 'unknown'],
      ['b', 'done'],
    ])
    expect(run?.judge().verdict).toBe('linearizable')
  })

  test('needs no output where there is none', () => {
    const [run] = readAll([heading, put, '{"complete":1}'])
    expect(run?.history[0]?.outcome).toEqual({ kind: 'done', output: undefined })
  })

  test('ends where the next begins', () => {
    const runs = readAll([heading, put, '{"unknown":1}', '', heading.replace('run-1', 'run-2'), get])
    expect(runs.map(({ id, line, history }) => [id, line, history.length])).toEqual([
      ['run-1', 1, 1],
      ['run-2', 5, 1],
    ])
  })

  test('may leave its model to the reader', () => {
    expect(readAll([put], 'key-value')[0]?.model).toBe('key-value')
    expect(() => readAll([put])).toThrow('line 1: no model is named')
  })

  test('comes back as it was written', () => {
    const recorder = recordHistory<KeyValueInput<string>, unknown>()
    const lost = recorder.invoke('a', { kind: 'put', key: 'x', value: '1' })
    recorder.unknown(lost)
    const second = recorder.invoke('a', { kind: 'get', key: 'x' })
    const third = recorder.invoke('b', { kind: 'get', key: 'x' })
    recorder.complete(third, '1')
    recorder.complete(second, null)
    const [run] = readAll(writeRun({ history: 'h', model: 'key-value' }, recorder.history()))
    expect(run?.history).toEqual(recorder.history())
  })
})

describe('a line that is wrong is refused with its number and what was wrong', () => {
  test.each([
    ['no JSON', [heading, '{"invoke":'], /^line 2: .*JSON/],
    ['an input that the model does not have', [heading, put.replace('"put"', '"swap"')], /^line 2: .*kind/],
    ['a name that is misspelled', [heading, put.replace('"value"', '"valeu"')], /^line 2: .*valeu/],
    ['an end without a call', [heading, '{"complete":9}'], /^line 2: operation 9 was never invoked/],
    ['a second end', [heading, put, '{"fail":1}', '{"complete":1}'], /^line 4: operation 1 has ended already/],
    ['a call while one is open', [heading, put, put.replace('1', '4')], /^line 3: process a has operation 1 open/],
    [
      'a model that there is not',
      [heading.replace('key-value', 'queue')],
      /^line 1: there is no model "queue": it is one of/,
    ],
    ['a later version', [heading.replace('"version":1', '"version":2')], /^line 1: .*version/],
    [
      'a vector without an end',
      ['{"id":"v","model":"cas-register","init":0,"ops":[{"p":1,"f":"read","s":1}]}'],
      /^line 1: .*ops/,
    ],
  ])('%s', (_, lines, message) => {
    expect(() => readAll(lines)).toThrow(message)
  })
})

async function check(...args: string[]): Promise<{ code: number; out: string; errors: string }> {
  const out: string[] = []
  const errors: string[] = []
  const code = await runCommand(args, { log: (line) => out.push(line), error: (line) => errors.push(line) })
  return { code, out: out.join('\n'), errors: errors.join('\n') }
}

function file(name: string, ...lines: string[]): string {
  const path = join(directory, name)
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

describe('check', () => {
  test('says a verdict for each history, and counts', async () => {
    const { code, out } = await check('check', vectors)
    expect(code).toBe(0)
    expect(out.split('\n')).toHaveLength(61)
    expect(out).toMatch(/^rand-1: linearizable\n/)
    expect(out).toMatch(/\n60 passed, 0 failed$/)
  })

  test('fails where a file says otherwise', async () => {
    const lines = readFileSync(vectors, 'utf8').trim().split('\n')
    const lied = lines.map((line, at) => {
      if (at === 0) return line.replace('"linearizable":true', '"linearizable":false')
      return line.replace('"linearizable":false', '"linearizable":true')
    })
    const { code, out } = await check('check', file('lies.jsonl', ...lied), '--quiet')
    expect(code).toBe(1)
    expect(out).toContain('rand-1: linearizable, and its file says that it is not linearizable')
    expect(out).toMatch(/\n47 passed, 13 failed$/)
  })

  test('shows why a run is not linearizable, in words and as a page', async () => {
    const path = file('stale.jsonl', heading, put, '{"complete":1}', get, '{"complete":2,"output":null}')
    const html = join(directory, 'stale.html')
    const { code, out } = await check('check', path, '--html', html)
    expect(code).toBe(1)
    expect(out).toContain('run-1: not linearizable')
    expect(out).toContain('would return 7, and returned null')
    expect(out).toMatch(/0 passed, 1 failed$/)
    expect(readFileSync(html, 'utf8')).toContain('<svg')
  })

  test('counts what was not decided as failed', async () => {
    const { code, out } = await check('check', vectors, '--steps', '20', '--quiet')
    expect(code).toBe(1)
    expect(out).toContain(': unknown')
  })

  test('tells a file that cannot be read, or a wrong command line, by exit code 2', async () => {
    expect(await check('check', join(directory, 'none.jsonl'))).toMatchObject({ code: 2, out: '' })
    const broken = await check('check', file('broken.jsonl', heading, '{}'))
    expect(broken.code).toBe(2)
    expect(broken.errors).toMatch(/broken\.jsonl: line 2: /)
    expect((await check('prove', vectors)).errors).toMatch(/^usage: /)
    expect((await check('check', vectors, '--model', 'queue')).errors).toMatch(/^--model queue: it is one of/)
    expect((await check('check', vectors, '--fast')).code).toBe(2)
  })
})
