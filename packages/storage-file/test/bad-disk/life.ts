/**
 * `life.ts PLACE write|read`: one life of a storage on real files, for a machine that lets its system calls fail. Says
 * what it was promised line by line, and ends at the first refusal.
 */
import { QuorateError, position, sequence } from '@quorate/contracts'
import { fileStorage } from '@quorate/storage-file/node'
import { lifeOf, saveImage } from '../places.js'
import { lifeLimits, recordAt, recordsInLife } from './records.js'

const [directory = '', verb] = process.argv.slice(2)
const say = (line: string): unknown => process.stdout.write(`${line}\n`)

try {
  const { storage, records, first } = await lifeOf(await fileStorage({ directory, ...lifeLimits }).open())
  say(`found ${Math.max(first, 1) - 1 + records.length}`)
  if (verb === 'write') {
    await storage.saveIdentity(new TextEncoder().encode('who I am'))
    for (let number = 1; number <= recordsInLife; number += 1) {
      const isRelease = number === recordsInLife / 2
      if (isRelease) await saveImage(storage, 1, 'an image')
      const release = isRelease ? { sequence: sequence(number - 1), snapshot: position(1) } : null
      const bytes = new TextEncoder().encode(recordAt(number))
      await storage.append({ firstSequence: sequence(number), records: [bytes], release })
      say(`durable ${number}`)
    }
  }
  await storage.close()
  say('closed')
} catch (error) {
  if (!(error instanceof QuorateError)) throw error
  say(`refused ${error.code}`)
}
// What was refused is left as it is: nothing is closed, as after a death.
process.exit()
