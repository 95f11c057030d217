import { spawn, spawnSync } from 'node:child_process'
import { root } from './repository.mjs'

/** Runs a program without standard input to its end: `{ code, output }`, standard output and error as they came. */
export function run(program, args, { cwd = root, env = {}, timeoutMs = 600_000 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    const chunks = []
    child.stdout.on('data', (chunk) => chunks.push(chunk))
    child.stderr.on('data', (chunk) => chunks.push(chunk))
    child.on('error', (error) => resolve({ code: 1, output: `${program}: ${error.message}` }))
    child.on('close', (code, signal) => {
      const ended = signal === null ? '' : `\n${program} ${args.join(' ')}: ended by ${signal}`
      resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString('utf8') + ended })
    })
  })
}

/** The same, and a failure is thrown with what the program said. */
export async function runOrThrow(program, args, options = {}) {
  const { code, output } = await run(program, args, options)
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}\n${output.trim()}`)
  return output
}

/** How pnpm is called here: by its name where that exists, else through npx. */
export const pnpm = spawnSync('pnpm', ['--version'], { cwd: root }).status === 0 ? ['pnpm'] : ['npx', '-y', 'pnpm@12']

/** Several tasks, at most `width` at once; the results stand in the order of the tasks. */
export async function inParallel(tasks, width) {
  const results = []
  const queue = tasks.map((task, at) => async () => {
    results[at] = await task()
  })
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await next()
    }),
  )
  return results
}
