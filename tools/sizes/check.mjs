/** No source file above 400 lines: one that is longer hides another conversation. (Functions: max-lines-per-function in lint.) */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { conclude, root, sourceFiles } from '../repository.mjs'

const linesMax = 400
const files = sourceFiles().filter(
  (path) => /\.(ts|tsx|mts|cts|js|mjs|cjs|css|html)$/.test(path) && !path.includes('/fixtures/'),
)
const sizes = files.map((path) => ({
  path,
  lines: readFileSync(join(root, path), 'utf8').trimEnd().split('\n').length,
}))
const longest = sizes.reduce((most, each) => (each.lines > most.lines ? each : most), { path: 'none', lines: 0 })

conclude(
  'sizes',
  sizes
    .filter(({ lines }) => lines > linesMax)
    .map(({ path, lines }) => `${path}: ${lines} lines, ${linesMax} are allowed; cut it by conversation`),
  `${files.length} source files, the longest is ${longest.path} with ${longest.lines} lines`,
)
