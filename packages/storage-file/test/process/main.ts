/** `pnpm kill-9 [ROUNDS]`: a writer is killed so many times. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildAppender, killRounds } from './kill-rounds.js'

const rounds = Number(process.argv[2] ?? 1_000)
const root = await mkdtemp(join(tmpdir(), 'quorate-kill-9-'))
try {
  const records = await killRounds(await buildAppender(root), join(root, 'place'), rounds)
  console.log(`${rounds} times killed: ${records} records, and every one that was acknowledged is among them`)
} finally {
  await rm(root, { recursive: true })
}
