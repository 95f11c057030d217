import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runOrThrow } from '../run.mjs'

/** Makes an empty folder and installs packages into it as a user would: plain npm, our tarballs, all else from the registry. */
export async function installInto(folder, wanted, tarballs, others = {}) {
  mkdirSync(folder, { recursive: true })
  await installWith({ private: true, type: 'module' }, folder, wanted, tarballs, others)
}

/** The same in a folder that `npm init -y` has made, and nobody has edited. */
export async function installIntoPlain(folder, wanted, tarballs, others = {}) {
  mkdirSync(folder, { recursive: true })
  await runOrThrow('npm', ['init', '-y'], { cwd: folder })
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  await installWith(manifest, folder, wanted, tarballs, others)
}

async function installWith(manifest, folder, wanted, tarballs, others) {
  const ours = Object.fromEntries([...tarballs].map(([name, path]) => [name, `file:${path}`]))
  const complete = {
    ...manifest,
    dependencies: { ...Object.fromEntries(wanted.map((name) => [name, ours[name]])), ...others },
    // What the wanted packages depend on is ours as well, and not in any registry yet.
    overrides: Object.fromEntries(Object.entries(ours).filter(([name]) => !wanted.includes(name))),
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(complete, null, 2))
  await npmInstall(folder)
}

/** `npm install` in a folder, preferring what npm has cached. */
export async function npmInstall(folder, ...names) {
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  await runOrThrow('npm', ['install', ...quiet, ...names], { cwd: folder })
}
