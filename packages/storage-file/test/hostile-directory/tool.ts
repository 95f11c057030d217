/** `tool.ts COMMAND DIRECTORY`: opens a directory, or runs `quorate-storage COMMAND` on it, and says what that took. */
import { fileStorage } from '@quorate/storage-file/node'
import { quorateStorage } from '../storage-command.js'

/** What one run took, of memory at most; and what it said. */
export interface ToolRun {
  readonly code: number
  readonly said: string
  readonly ms: number
  readonly residentBytesMax: number
}

const [command = '', directory = ''] = process.argv.slice(2)
const begun = performance.now()
const { code, said } = command === 'open' ? await open() : await run()
const ms = performance.now() - begun
const report: ToolRun = { code, said, ms, residentBytesMax: process.resourceUsage().maxRSS * 1_024 }
console.log(JSON.stringify(report))

async function open(): Promise<{ code: number; said: string }> {
  try {
    const storage = await fileStorage({ directory }).open()
    await storage.replay(() => {})
    await storage.close()
    return { code: 0, said: 'opened' }
  } catch (error) {
    return { code: 1, said: String(error) }
  }
}

async function run(): Promise<{ code: number; said: string }> {
  const more = command === 'backup' ? [`${directory}.backup`] : []
  const { code, said, complained } = await quorateStorage(command, directory, ...more)
  return { code, said: said + complained }
}
