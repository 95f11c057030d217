/** What no file of this repository may contain or be called. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { conclude, root, sourceFiles } from '../repository.mjs'

const code = /\.(ts|tsx|mjs|cjs|js|sh)$/
const text = /(\.(ts|tsx|mjs|cjs|js|sh|json|jsonl|yaml|yml|md|txt|css|html)|(^|\/)(\.npmrc|run))$/

const words = [
  { in: code, not: /\b(TODO|FIXME|XXX|HACK)\b(?!\([\w-]+\))/, why: 'names nobody who will do it: TODO(name)' },
  {
    in: /\.test\.(ts|mjs)$/,
    not: /\b(test|it|describe|suite)\.(only|skip|todo)\b/,
    why: 'leaves tests out; skip by capability, with a reason',
  },
  { in: text, not: /(?<![\w.~-])\/(work|home|root|Users)\/\w/, why: 'is a path of one machine' },
  {
    in: /(^|\/)(pnpm-lock\.yaml|package-lock\.json|\.npmrc)$/,
    not: /\b(tarball|resolved|registry)\b.*https?:\/\//,
    why: 'binds to one registry',
  },
  { in: code, not: /^\s*(<{7}|>{7}|={7})(\s|$)/, why: 'is left over from a merge' },
  { in: code, not: /\bdebugger\b/, why: 'is left over from debugging' },
]
const names = [
  { not: /(^|\/)(utils?|common|helpers?|types)(\/|\.[a-z]+$)/, why: 'is a drawer for anything: name what is in it' },
  { not: /[A-Z].*\.ts$/, why: 'is not in kebab-case' },
]
const excepted = /(^tools\/words\/check\.mjs|\/fixtures\/|^LICENSE$|\/LICENSE$)/

const files = sourceFiles()
const problems = files.flatMap((path) => [
  ...names.filter(({ not }) => not.test(path)).map(({ why }) => `${path}: the name ${why}`),
  ...(excepted.test(path) ? [] : wordsOf(path)),
])

function wordsOf(path) {
  const rules = words.filter((rule) => rule.in.test(path))
  if (rules.length === 0) return []
  return readFileSync(join(root, path), 'utf8')
    .split('\n')
    .flatMap((line, at) =>
      rules
        .filter(({ not }) => not.test(line))
        .map(({ not, why }) => `${path}:${at + 1}: "${not.exec(line)[0].trim()}" ${why}`),
    )
}

conclude('words', problems, `${files.length} files`)
