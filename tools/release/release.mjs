/**
 * Versions all packages as one and publishes them. With `--dry-run` it does the first half on a copy of the repository
 * and prints the version that all packages would get; nothing here is written then.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { conclude, publishedPackages, root, sourceFiles } from '../repository.mjs'
import { pnpm, runOrThrow } from '../run.mjs'

const unknown = process.argv.slice(2).filter((argument) => argument !== '--dry-run')
if (unknown.length > 0) {
  console.error(`release knows --dry-run and nothing else, not ${unknown.join(' ')}`)
  process.exitCode = 2
} else if (process.argv.includes('--dry-run')) {
  await rehearse()
} else {
  await publish()
}

async function rehearse() {
  const copy = realpathSync(mkdtempSync(join(tmpdir(), 'quorate-release-')))
  try {
    for (const path of sourceFiles().filter((path) => /(^\.changeset\/|package\.json$|^pnpm-|^\.npmrc$)/.test(path))) {
      mkdirSync(dirname(join(copy, path)), { recursive: true })
      cpSync(join(root, path), join(copy, path))
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir')
    await runOrThrow('git', ['init', '--quiet', '--initial-branch=main'], { cwd: copy })
    await changeset(['version'], copy)
    report(copy)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** Says what changed hands: one version for all, and every neighbour asked for by it. */
function report(directory) {
  const manifests = publishedPackages().map((each) => {
    const after = JSON.parse(readFileSync(join(directory, each.directory, 'package.json'), 'utf8'))
    return { name: each.name, before: each.manifest.version, after: after.version }
  })
  const versions = [...new Set(manifests.map(({ after }) => after))]
  const problems =
    versions.length === 1
      ? []
      : manifests.map(({ name, after }) => `${name} would become ${after}: all packages share one version`)
  const unmoved = versions.length === 1 && manifests[0].after === manifests[0].before
  const what = unmoved ? 'no changeset is waiting; they stay at' : 'they would be published as'
  conclude('release --dry-run', problems, `${manifests.length} packages, ${what} ${versions[0]}`)
}

async function publish() {
  const [program, ...before] = pnpm
  await changeset(['version'], root)
  await runOrThrow(program, [...before, 'install', '--lockfile-only'])
  await runOrThrow(program, [...before, 'verify'], { timeoutMs: 3_600_000 })
  process.stdout.write(
    await runOrThrow(program, [
      ...before,
      '-r',
      '--filter',
      './packages/*',
      'publish',
      '--access',
      'public',
      '--no-git-checks',
    ]),
  )
}

function changeset(args, cwd) {
  return runOrThrow(process.execPath, [join(root, 'node_modules/@changesets/cli/bin.js'), ...args], { cwd })
}
