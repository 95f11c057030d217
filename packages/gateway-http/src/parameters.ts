import { durationMsSchema } from '@quorate/contracts'
import type { CommandOptions, SessionHandle } from '@quorate/replica'
import { z } from 'zod'
import { HttpRefusal } from './refusal.js'
import { handleOfToken } from './session-token.js'

/** Counts from the lowest unacknowledged one on that a session takes: as many answers as members keep for it. */
const windowMax = 8_192

/** The longest that a request may ask to take: ten minutes. */
export const timeoutMsMax = 600_000

/** How long a request may take when it does not say. */
const timeoutMsDefault = 5_000

const timeoutMs = z
  .string()
  .regex(/^\d{1,9}$/, { error: 'must be a whole number of milliseconds' })
  .transform(Number)
  .pipe(durationMsSchema.max(timeoutMsMax))
  .default(timeoutMsDefault)

const count = z
  .string()
  .regex(/^[1-9]\d{0,15}$/, { error: 'must be a whole number from 1' })
  .transform(Number)
  .pipe(z.int())
  .optional()

const session = z.string().transform((token, context): SessionHandle => {
  const handle = handleOfToken(token)
  if (handle !== null) return handle
  context.addIssue('must be what POST /v1/sessions has answered')
  return z.NEVER
})

/** Id of the cluster that the sender means: another one refuses. */
const cluster = z
  .string()
  .regex(/^[0-9a-f]{32}$/, { error: 'must be the id of a cluster: 32 hexadecimal digits in lower case' })
  .optional()

/** What a command is told beside its input. */
export interface CommandParameters extends Pick<CommandOptions, 'session'> {
  readonly timeoutMs: number
  readonly cluster: string | undefined
}

/** What may stand behind the `?` of a command: its place in a session comes whole or not at all. */
export const commandParameters = z
  .strictObject({ timeoutMs, cluster, session: session.optional(), sequence: count, lowestUnacknowledged: count })
  .transform(({ timeoutMs, cluster, session: id, sequence, lowestUnacknowledged }, context): CommandParameters => {
    if (id === undefined && sequence === undefined && lowestUnacknowledged === undefined) return { timeoutMs, cluster }
    if (id === undefined || sequence === undefined || lowestUnacknowledged === undefined) {
      context.addIssue('session, sequence and lowestUnacknowledged belong together: give all three, or none')
      return z.NEVER
    }
    if (lowestUnacknowledged > sequence || sequence - lowestUnacknowledged >= windowMax) {
      context.addIssue(
        `lowestUnacknowledged is ${lowestUnacknowledged}, and the sequence ${sequence}: the first must not be above the ` +
          `second, and less than ${windowMax} below it`,
      )
      return z.NEVER
    }
    return { timeoutMs, cluster, session: { id, sequence, lowestUnacknowledged } }
  })

/** What may stand behind the `?` of a query. */
export const queryParameters = z.strictObject({
  timeoutMs,
  cluster,
  consistency: z.enum(['local', 'linearizable']).default('linearizable'),
})

/** What may stand behind the `?` of an opening: 16 bytes in hexadecimal; the same ones open the same session. */
export const openingParameters = z.strictObject({
  timeoutMs,
  cluster,
  nonce: z
    .string()
    .regex(/^[0-9a-f]{32}$/i, { error: 'must be 32 hexadecimal digits' })
    .transform((digits) => new Uint8Array(Buffer.from(digits, 'hex')))
    .optional(),
})

/** What may stand behind the `?` of the end of a session. */
export const closingParameters = z.strictObject({ timeoutMs, session })

/** What may stand behind the `?` of a status. */
export const statusParameters = z.strictObject({ digest: z.enum(['true', 'false']).optional() })

/** What may stand behind the `?` of a health check. */
export const noParameters = z.strictObject({})

/** Reads the parameters of a request, or refuses them (400) with every problem. One that is given twice says nothing. */
export function parseParameters<Schema extends z.ZodType>(schema: Schema, search: string): z.output<Schema> {
  const given = new URLSearchParams(search)
  const [once, repeated] = [new Set<string>(), new Set<string>()]
  for (const name of given.keys()) (once.has(name) ? repeated : once).add(name)
  if (repeated.size > 0) {
    const message = `these parameters are given more than once: ${[...repeated].join(', ')}. Give each once`
    throw new HttpRefusal(400, 'INVALID_COMMAND', message)
  }
  const parsed = schema.safeParse(Object.fromEntries(given))
  if (parsed.success) return parsed.data
  throw new HttpRefusal(400, 'INVALID_COMMAND', `the parameters do not fit:\n${z.prettifyError(parsed.error)}`)
}
