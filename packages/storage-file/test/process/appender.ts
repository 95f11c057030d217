/** Appends numbered records to a place until it is killed, and says which one is durable. */
import { sequence } from '@quorate/contracts'
import { fileStorage } from '@quorate/storage-file/node'

const storage = await fileStorage({ directory: process.argv[2] ?? '', segmentBytes: 4_096, reserveSegments: 1 }).open()
let next = 1
await storage.replay((at) => {
  next = at + 1
})
process.stdout.write(`open ${next - 1}\n`)
for (;;) {
  const bytes = new TextEncoder().encode(`record ${next}`.padEnd((next * 37) % 500, '.'))
  await storage.append({ firstSequence: sequence(next), records: [bytes], release: null })
  process.stdout.write(`durable ${next}\n`)
  next += 1
}
