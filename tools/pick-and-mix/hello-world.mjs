import { spawn } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { transform } from 'esbuild'
import { root } from '../repository.mjs'
import { run, runOrThrow } from '../run.mjs'

const readmeAddresses = /127\.0\.0\.1:700(\d)/g
const ids = ['n1', 'n2', 'n3']

/** The README's first example, as it stands there. */
export function helloWorld() {
  const block = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))
  if (block === null) throw new Error('README.md has no example in TypeScript')
  return block[1]
}

/** Compiles the example against the installed types, as a user's strict project would. */
export async function compileHello(folder) {
  writeFileSync(join(folder, 'hello.ts'), helloWorld())
  const compilerOptions = {
    ...{ target: 'ES2022', lib: ['ES2023'], module: 'NodeNext', strict: true, noEmit: true, skipLibCheck: false },
    ...{ types: ['node'], typeRoots: [join(root, 'node_modules/@types')] },
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['hello.ts'] }))
  await runOrThrow(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder])
}

/**
 * Runs the example as member n1, with `import` or `require`, as it stands, or compiled, beside two members from the same text that are slower to
 * call an election. Complains unless the counter says 2 in the end.
 */
export async function runHello(folder, node, how) {
  const addresses = await freeAddresses(ids.length)
  const source = helloWorld().replace(readmeAddresses, (_, ordinal) => addresses[Number(ordinal) - 1])
  const extension = how === 'require' ? 'cjs' : 'mjs'
  const main = join(folder, `hello.${extension}`)
  rmSync(main, { force: true })
  if (how === 'compiled') await compileByReadme(folder, shown(source))
  else writeFileSync(main, await program(shown(source), how))
  const others = []
  try {
    for (const id of ids.slice(1)) {
      const path = join(folder, `${id}.${extension}`)
      writeFileSync(path, await program(standingBy(source, id), how))
      others.push(await startMember(node, path, folder))
    }
    const { code, output } = await run(node, [main], { cwd: folder, timeoutMs: 30_000 })
    const last = output.trim().split('\n').at(-1)
    if (code !== 0 || last !== '2') throw new Error(`the hello world ended with ${code} and said:\n${output.trim()}`)
    await planOfHello(folder, node)
  } finally {
    for (const stop of others) await stop()
    rmSync(join(folder, 'data'), { recursive: true, force: true })
  }
}

/** `quorate-storage recover` finds the protocol and the driver by itself, and n1's directory could go on alone. */
async function planOfHello(folder, node) {
  const command = join(folder, 'node_modules/.bin/quorate-storage')
  const given = ['recover', 'data/n1', '--cluster', 'next', '--member', 'm1=127.0.0.1:7001']
  const { code, output } = await run(node, [command, ...given], { cwd: folder, timeoutMs: 30_000 })
  if (code !== 0 || !output.includes('goes on'))
    throw new Error(`recover ended with ${code} and said:\n${output.trim()}`)
}

/** Makes `hello.mjs` of `hello.mts` with the commands that the README names. */
async function compileByReadme(folder, source) {
  writeFileSync(join(folder, 'hello.mts'), source)
  const commands = readFileSync(join(root, 'README.md'), 'utf8').match(/^npx tsc.*$/gm) ?? []
  if (commands.length === 0) throw new Error('README.md names no command that compiles the example')
  for (const command of commands) {
    const [, ...words] = command.split(' ')
    await runOrThrow('npx', ['--no-install', ...words], { cwd: folder })
  }
}

/** JavaScript of a text with imports on top: as it is for `import`, in an async function for `require`. */
async function program(source, how) {
  if (how === 'as it stands' || how === 'compiled') return source
  if (how === 'import') return (await transform(source, { loader: 'ts', format: 'esm' })).code
  const imports = source.match(/^import .*$/gm).join('\n')
  const body = source.replace(/^import .*$/gm, '')
  return (await transform(`${imports}\nvoid (async () => {\n${body}\n})()`, { loader: 'ts', format: 'cjs' })).code
}

/** The example says what it read. */
function shown(source) {
  const said = source.replace(/^await (replica\.queries\.[^\n]*?\))(?=\s|$)/m, 'console.log(await $1)')
  if (said === source) throw new Error('the example in README.md has no line "await replica.queries.…"')
  return said
}

/** The example up to its first command, as another member, which stays until its input ends. */
function standingBy(source, id) {
  const start = source.slice(0, source.indexOf('await replica.commands'))
  const member = start
    .replace("id: 'n1'", `id: '${id}'`)
    .replace('data/n1', `data/${id}`)
    .replace('raft()', 'raft({ electionTimeoutMs: [2_000, 3_000] })')
  return `${member}
process.stdin.once('end', () => void replica.close()).resume()
console.log('ready')`
}

/** Starts a member and waits for its first word. Returns what stops it. */
function startMember(node, path, cwd) {
  const child = spawn(node, [path], { cwd, stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  const ended = new Promise((resolve) => child.once('close', resolve))
  const stop = async () => {
    child.stdin.end()
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
    await ended
    clearTimeout(timer)
  }
  return new Promise((resolve, reject) => {
    const hear = (chunk) => {
      said += chunk
      if (/^ready$/m.test(said)) resolve(stop)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    void ended.then(() => reject(new Error(`${path} ended before it was ready:\n${said.trim()}`)))
  })
}

/** Addresses on this machine that were free a moment ago. */
async function freeAddresses(count) {
  const servers = Array.from({ length: count }, () => createServer())
  const listening = servers.map((server) => new Promise((resolve) => server.listen(0, '127.0.0.1', resolve)))
  await Promise.all(listening)
  const addresses = servers.map((server) => `127.0.0.1:${server.address().port}`)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return addresses
}
