import { durationMsSchema } from '@quorate/contracts'
import { z } from 'zod'
import { HttpRefusal } from './refusal.js'

/** The longest that a request may ask to take: ten minutes. */
export const timeoutMsMax = 600_000

const timeoutMs = z
  .string()
  .regex(/^\d{1,9}$/, { error: 'must be a whole number of milliseconds' })
  .transform(Number)
  .pipe(durationMsSchema.max(timeoutMsMax))
  .optional()

/** What may stand behind the `?` of a command. */
export const commandParameters = z.strictObject({ timeoutMs })

/** What may stand behind the `?` of a query. */
export const queryParameters = z.strictObject({ timeoutMs, consistency: z.enum(['local', 'linearizable']).optional() })

/** What may stand behind the `?` of a status. */
export const statusParameters = z.strictObject({ digest: z.enum(['true', 'false']).optional() })

/** What may stand behind the `?` of a health check. */
export const noParameters = z.strictObject({})

/** Reads the parameters of a request, or refuses them (400) with every problem. */
export function parseParameters<Schema extends z.ZodType>(schema: Schema, search: string): z.output<Schema> {
  const parsed = schema.safeParse(Object.fromEntries(new URLSearchParams(search)))
  if (parsed.success) return parsed.data
  throw new HttpRefusal(400, 'INVALID_COMMAND', `the parameters do not fit:\n${z.prettifyError(parsed.error)}`)
}
