import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'

const pauseMs = 50

const statusSchema = z.object({ digest: z.object({ position: z.number(), sha256: z.string() }) })

/** What a member's whole state is worth comparing by. */
export type Digest = z.output<typeof statusSchema>['digest']

/** Resolves once all members have the same digest at the same position. Nothing may be written meanwhile. */
export async function equalDigests(clientAddresses: readonly string[]): Promise<Digest> {
  for (;;) {
    const digests = await Promise.all(clientAddresses.map(digestAt))
    const [first] = digests
    if (first && digests.every((each) => each.position === first.position)) {
      if (digests.every((each) => each.sha256 === first.sha256)) return first
      throw new Error(`the members differ at position ${first.position}: ${digests.map(describe).join(', ')}`)
    }
    await pause(pauseMs)
  }
}

async function digestAt(clientAddress: string): Promise<Digest> {
  const response = await fetch(`http://${clientAddress}/v1/status?digest=true`)
  return statusSchema.parse(await response.json()).digest
}

function describe({ sha256 }: Digest): string {
  return sha256.slice(0, 8)
}
