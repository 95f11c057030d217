/**
 * One member of a cluster with a large state, as a process of its own: `image-member.js CONFIG MIB`. It says when it has
 * installed an image, and the longest time that no frame on the control channel came from whoever leads.
 */
import { defineMachine } from '@quorate/machine'
import { raft } from '@quorate/raft'
import { createReplica } from '@quorate/replica/node'
import { fileStorage } from '@quorate/storage-file/node'
import { tcpTransport } from '@quorate/transport-tcp'
import { z } from 'zod'
import { ControlSilence } from './control-silence.js'
import { memberConfigSchema, offerSchema, type MemberMessage } from './member-message.js'

process.on('SIGINT', () => {})
process.once('disconnect', () => process.exit(0))
const { id, cluster, members, directory } = memberConfigSchema.parse(JSON.parse(process.argv[2] ?? 'null'))
const mib = Number(process.argv[3])
const chunk = new Uint8Array(256 * 1024).fill(7)
/** A counter whose snapshot is as large as somebody wants: sevens, which nobody has to keep in memory. */
const bulk = defineMachine({
  name: 'bulk',
  version: 1,
  initial: () => ({ value: 0 }),
  commands: { add: { input: z.strictObject({ by: z.int() }), apply: (state, { by }) => (state.value += by) } },
  queries: {},
  snapshot: {
    async *write({ value }) {
      yield new TextEncoder().encode(String(value).padStart(16, '0'))
      for (let sent = 0; sent < mib * 4; sent += 1) yield chunk
    },
    async read(image) {
      let [head, bytes] = ['', 0]
      for await (const part of image) {
        if (head.length < 16) head += new TextDecoder().decode(part.subarray(0, 16 - head.length))
        bytes += part.length
      }
      if (bytes !== 16 + mib * chunk.length * 4)
        throw new RangeError(`an image of ${bytes} bytes is no image of this machine`)
      return { value: Number(head) }
    },
  },
})
const silence = new ControlSilence()
const replica = await createReplica({
  id,
  cluster,
  members,
  machine: bulk,
  // Without a tail, whoever begins with nothing needs the image.
  protocol: raft({ tailEntriesMax: 0 }),
  transport: silence.heardOn(tcpTransport()),
  storage: fileStorage({ directory }),
  snapshotEveryEntries: 5_000,
})
replica.on('leadership', ({ leader, epoch }) => {
  silence.listenTo(leader)
  say({ kind: 'leadership', leader, epoch })
})
replica.on('snapshot', ({ how }) => say({ kind: 'snapshot', how }))
setInterval(() => say({ kind: 'silence', ms: silence.takeLongestMs() }), 500).unref()
process.on('message', (message) => {
  const { write } = offerSchema.parse(message)
  replica.commands.add({ by: 1 }, { timeoutMs: 10_000 }).then(
    () => say({ kind: 'acknowledged', write }),
    () => {},
  )
})
say({ kind: 'listening' })

function say(message: MemberMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}
