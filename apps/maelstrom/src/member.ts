import { join } from 'node:path'
import { describeError, QuorateError } from '@quorate/contracts'
import { raft } from '@quorate/raft'
import type { Replica } from '@quorate/replica'
import { createReplica } from '@quorate/replica/node'
import { fileStorage } from '@quorate/storage-file/node'
import { memoryStorage } from '@quorate/storage-memory'
import { carryOut } from './lin-kv.js'
import { errorCode, initSchema, ReplyError, requestSchema, type Line } from './message.js'
import type { Post } from './post.js'
import { registers } from './registers.js'
import { maelstromTransport } from './transport.js'

/** What one member may be told on its command line. */
export interface MemberOptions {
  /** Where its journal is kept, in a directory of its own; null: in memory. */
  readonly directory: string | null
  readonly electionTimeoutMs: readonly [number, number]
  readonly timeoutMs: number
}

/** Answers what comes by post, from `init` on. `onStopped` is told when the replica stops by itself. */
export function serve(post: Post, options: MemberOptions, onStopped: (error: Error) => void): void {
  let replica: Promise<Replica<typeof registers>> | null = null
  post.on('init', (line) => {
    reply(post, line, async () => {
      replica ??= start(post, line, options, onStopped)
      await replica
      return { type: 'init_ok' }
    })
  })
  post.on('*', (line) => {
    reply(post, line, async () => {
      const request = requestSchema.safeParse(line.body)
      if (replica === null) throw new ReplyError(errorCode.temporarilyUnavailable, 'this member waits for "init"')
      if (request.success) return carryOut(await replica, request.data)
      const isKnown = ['read', 'write', 'cas'].includes(line.body.type)
      throw isKnown
        ? new ReplyError(errorCode.malformedRequest, request.error.issues.map(({ message }) => message).join('; '))
        : new ReplyError(errorCode.notSupported, `"${line.body.type}" is none of init, read, write, cas`)
    })
  })
}

async function start(
  post: Post,
  line: Line,
  { directory, electionTimeoutMs, timeoutMs }: MemberOptions,
  onStopped: (error: Error) => void,
): Promise<Replica<typeof registers>> {
  const init = initSchema.safeParse(line.body)
  if (!init.success) throw new ReplyError(errorCode.malformedRequest, '"init" names node_id and node_ids')
  const { node_id: id, node_ids: ids } = init.data
  post.self = id
  const [shortest, longest] = electionTimeoutMs
  const replica = await createReplica({
    id,
    cluster: 'maelstrom',
    // The network finds members by their names; an address has to look like one.
    members: Object.fromEntries(ids.map((each, at) => [each, `127.0.0.1:${at + 1}`])),
    machine: registers,
    protocol: raft({ electionTimeoutMs: [shortest, longest] }),
    transport: maelstromTransport(post),
    storage: directory === null ? memoryStorage() : fileStorage({ directory: join(directory, id) }),
    timeoutMs,
  })
  replica.on('stopped', ({ reason }) => {
    if (reason) onStopped(reason)
  })
  return replica
}

function reply(post: Post, { src, body }: Line, run: () => Promise<Readonly<Record<string, unknown>>>): void {
  const about = body.msg_id === undefined ? {} : { in_reply_to: body.msg_id }
  run().then(
    (answer) => post.send(src, { ...answer, ...about }),
    (error: unknown) => {
      const code = error instanceof ReplyError ? error.code : codeOf(error)
      post.send(src, { type: 'error', code, text: describeError(error), ...about })
    },
  )
}

/** Of what went wrong before anything was done: a start that failed. */
function codeOf(error: unknown): number {
  return error instanceof QuorateError ? errorCode.abort : errorCode.crash
}
