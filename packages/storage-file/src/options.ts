import { bytesSchema, durationMsSchema, type Environment, type FileLayer } from '@quorate/contracts'
import { z } from 'zod'

const mebibyte = 1024 * 1024

function hasMethods(given: unknown, names: readonly string[]): boolean {
  if (typeof given !== 'object' || given === null) return false
  return names.every((name) => typeof Reflect.get(given, name) === 'function')
}

const fileLayerMethods = 'open rename unlink list makeDirectory syncDirectory freeBytes lock'.split(' ')
const environmentMethods = 'monotonicMs wallMs setTimer yieldTurn randomBytes'.split(' ')

/** Options of `fileStorage`, with their defaults. */
export const fileStorageOptionsSchema = z.strictObject({
  directory: z.string().min(1),
  files: z.custom<FileLayer>((given) => hasMethods(given, fileLayerMethods), {
    error: `must be a file layer, with the methods ${fileLayerMethods.join(', ')}`,
  }),
  environment: z.custom<Environment>((given) => hasMethods(given, environmentMethods), {
    error: `must be an environment, with the methods ${environmentMethods.join(', ')}`,
  }),
  segmentBytes: bytesSchema
    .min(512)
    .max(1_024 * mebibyte)
    .multipleOf(8)
    .default(16 * mebibyte),
  reserveSegments: z.int().min(0).max(64).default(2),
  freeBytesMin: z
    .int()
    .min(0)
    .default(64 * mebibyte),
  markAfterMs: durationMsSchema.default(100),
  mayMove: z.boolean().default(false),
})

/** What may be said to `fileStorage`. Durations in milliseconds, sizes in bytes; the README lists all of them. */
export type FileStorageOptions = z.input<typeof fileStorageOptionsSchema>

/** Options with every default filled in. */
export type FileSettings = z.output<typeof fileStorageOptionsSchema>
