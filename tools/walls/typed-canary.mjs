import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ESLint } from 'eslint'
import { root } from '../repository.mjs'

const folder = join(root, 'tools/walls/fixtures/typed')

/** Lints lines that only the typed rules can refuse, and complains of every line that they let pass. */
export async function typedCanary() {
  const path = join(folder, 'typed.ts')
  const project = [join(folder, 'tsconfig.json')]
  const eslint = new ESLint({
    cwd: root,
    ignore: false,
    overrideConfig: { languageOptions: { parserOptions: { project } } },
  })
  const [result] = await eslint.lintFiles([path])
  const found = new Set(result.messages.map(({ line, ruleId }) => `${line} ${ruleId}`))
  const expected = readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((code, at) => {
      const rule = /^.*\S.* \/\/ (?<rule>[\w@/-]+)$/.exec(code)?.groups?.rule
      return rule === undefined ? [] : [{ line: at + 1, rule, code: code.trim() }]
    })
  const problems = expected
    .filter(({ line, rule }) => !found.has(`${line} ${rule}`))
    .map(({ rule, code }) => `tools/walls/fixtures/typed/typed.ts: ${rule} does not refuse ${code}`)
  return { problems, tried: expected.length }
}
