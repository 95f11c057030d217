import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ESLint } from 'eslint'
import ts from 'typescript'
import tseslint from 'typescript-eslint'
import { publishedPackages, root } from '../repository.mjs'

const fixtures = join(root, 'tools/walls/fixtures/host')
const protocols = ['packages/raft']
const mustBePortable = ['raft', 'replica', 'client', 'transport-memory', 'storage-file'].map(
  (name) => `packages/${name}`,
)

/**
 * Compiles and lints the forbidden lines as if they stood in each package without a host, with that package's own
 * configuration, and complains of every line that somebody let pass.
 */
export async function hostCanary() {
  // The fixture is in no program, and none of the rules tried here needs types.
  const eslint = new ESLint({ cwd: root, overrideConfig: [tseslint.configs.disableTypeChecked] })
  const packages = publishedPackages().flatMap(({ directory }) => portableProject(directory))
  const problems = mustBePortable
    .filter((directory) => !packages.some((each) => each.directory === directory))
    .map((directory) => `${directory}: is compiled with a host's types`)
  let tried = 0
  for (const { directory, project } of packages) {
    for (const name of protocols.includes(directory) ? ['portable.ts', 'protocol.ts'] : ['portable.ts']) {
      const text = readFileSync(join(fixtures, name), 'utf8')
      const refusals = {
        compiler: compilerLines(project, join(fixtures, name)),
        lint: await lintLines(eslint, directory, text),
      }
      const expected = expectations(text)
      tried += expected.length
      for (const { line, by, code } of expected) {
        if (!refusals[by].has(line)) problems.push(`${directory}: ${by} does not refuse ${code}`)
      }
    }
  }
  return { problems, tried, packages: packages.length }
}

/** The project that compiles `src` without a host, or nothing where the whole package has one. */
function portableProject(directory) {
  const path = ['tsconfig.portable.json', 'tsconfig.json'].map((name) => join(root, directory, name)).find(existsSync)
  const project = ts.parseJsonConfigFileContent(
    ts.readConfigFile(path, ts.sys.readFile).config,
    ts.sys,
    join(root, directory),
  )
  return project.options.types?.length === 0 ? [{ directory, project }] : []
}

function compilerLines(project, fixture) {
  const loose = { rootDir: undefined, composite: false, incremental: false, tsBuildInfoFile: undefined, noEmit: true }
  const program = ts.createProgram([fixture], { ...project.options, ...loose })
  const file = program.getSourceFile(fixture)
  return new Set(
    program.getSemanticDiagnostics(file).map(({ start }) => file.getLineAndCharacterOfPosition(start).line + 1),
  )
}

async function lintLines(eslint, directory, text) {
  const [result] = await eslint.lintText(text, { filePath: join(root, directory, 'src/canary.ts') })
  return new Set(
    result.messages
      .filter(({ severity, ruleId }) => severity === 2 && ruleId?.startsWith('no-restricted-'))
      .map(({ line }) => line),
  )
}

function expectations(text) {
  return text.split('\n').flatMap((code, at) => {
    const marks = /^(?!\/\/).*\/\/ (?<who>(?:compiler ?|lint ?)+)$/.exec(code)?.groups?.who
    return (marks?.trim().split(' ') ?? []).map((by) => ({ line: at + 1, by, code: code.trim() }))
  })
}
