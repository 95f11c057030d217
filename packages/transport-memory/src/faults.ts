import type { Environment } from '@quorate/contracts'
import { z } from 'zod'

const probability = z.number().min(0).max(1)
const latency = z.number().min(0)

const faultShape = {
  latencyMs: z
    .union([
      latency,
      z
        .strictObject({ min: latency, max: latency })
        .refine(({ min, max }) => min <= max, { error: 'min must not be above max' }),
    ])
    .default(0),
  loss: probability.default(0),
  duplication: probability.default(0),
  reordering: probability.default(0),
}

/** Options that say how badly a hub behaves, with their defaults: not at all. */
export const memoryFaultsSchema = z.strictObject(faultShape)

/** Options of {@link memoryHub}, with their defaults. */
export const memoryHubOptionsSchema = z.strictObject({
  ...faultShape,
  seed: z.union([z.number(), z.string()]).default(0),
  environment: z.custom<Environment>((given) => isEnvironment(given), { error: 'must be an Environment' }).optional(),
})

/**
 * How badly a hub behaves. `latencyMs`: a delay, or a range from which each frame draws its own. `loss`, `duplication`
 * and `reordering`: the chance from 0 to 1 that it happens to a frame.
 */
export type MemoryFaults = z.input<typeof memoryFaultsSchema>

/** {@link MemoryFaults}, the `seed` they are drawn from, and a clock to use instead of the sender's. */
export type MemoryHubOptions = z.input<typeof memoryHubOptionsSchema>

/** Faults with every default filled in. */
export type KnownFaults = z.output<typeof memoryFaultsSchema>

function isEnvironment(given: unknown): boolean {
  return typeof given === 'object' && given !== null && 'setTimer' in given && 'monotonicMs' in given
}
