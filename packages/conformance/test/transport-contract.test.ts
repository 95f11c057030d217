import { transportContract } from '@quorate/conformance'
import type { Environment } from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { describe, expect, test } from 'vitest'
import { loopbackNetwork, type LoopbackNetwork, type Sin } from './transport-loopback.js'

const strangers = { 'is nobody': (network: LoopbackNetwork) => network.stranger() }

describe('an honest transport keeps the contract', () => {
  transportContract({ test, environment: nodeEnvironment(), factory: () => loopbackNetwork(null), strangers })
})

/** Waiting in vain takes a fraction of its time: here it is often what is expected. */
function impatientEnvironment(): Environment {
  const real = nodeEnvironment()
  return { ...real, setTimer: (delayMs, run) => real.setTimer(delayMs > 1_000 ? 400 : delayMs, run) }
}

/** Whether a transport with this sin breaks the claim that contains this text. */
async function isFound(sin: Sin, text: string): Promise<boolean> {
  const cases: { claim: string; run: () => Promise<void> }[] = []
  transportContract({
    test: (claim, run) => cases.push({ claim, run }),
    environment: impatientEnvironment(),
    factory: () => loopbackNetwork(sin),
    strangers,
  })
  const named = cases.filter(({ claim }) => claim.includes(text))
  expect(named).toHaveLength(1)
  const outcomes = await Promise.allSettled(named.map(({ run }) => run()))
  return outcomes.some(({ status }) => status === 'rejected')
}

const sins: readonly (readonly [Sin, string])[] = [
  ['reorders', 'in the order in which they were sent'],
  ['repeats', 'once at most'],
  ['alters', 'arrives unaltered'],
  ['shortens', 'arrives unaltered'],
  ['renames the sender', 'under the name that was admitted'],
  ['enters the host within send', 'within send'],
  ['shares bytes between receivers', 'belongs to its receiver alone'],
  ['loses large frames', 'a frame of 8 MiB arrives'],
  ['takes frames above the limit', 'a larger frame is dropped'],
  ['is never full', 'a full channel drops'],
  ['has one bound for all channels', 'the others do not notice'],
  ['queues what it drops', 'unknown or unreached member is dropped'],
  ['speaks after close', 'while it sends and receives'],
  ['does not report that a peer has gone', 'whose process has gone is reported'],
  ['does not dial again', 'starts later is reached'],
  ['does not dial again', 'died in the middle'],
  ['delivers to the successor what was meant for its predecessor', 'whose process has gone is reported'],
  ['forgets why it was refused', 'hears the reason'],
  ['connects whom the other side refused', 'none of its frames are delivered'],
  ['does not look whom it has reached', 'checks that it has reached whom it wanted'],
  ['delivers only what its peers send', 'before we dial it'],
  ['does not wait for the decision', 'before the host has decided'],
  ['keeps the old address of a peer', 'moves to another address'],
  ['reports links after close', 'while it makes its connections'],
  ['ends the present connection for one that it refuses', 'F-42'],
  ['connects whom the other side refused', 'F-42'],
  ['lets strangers in', 'a stranger that is nobody'],
  ['asks its host about strangers', 'a stranger that is nobody'],
  ['tells strangers nothing', 'a stranger that is nobody'],
  ['takes an address that is in use', 'ADDRESS_IN_USE'],
  ['goes on with whoever sends what no member sends', 'is ended at once'],
  ['has one challenge for all connections', 'draws a challenge of its own'],
  ['has one challenge for all connections', 'a hello that was overheard'],
]

describe('the contract finds a transport that', () => {
  test.each(sins)('%s (%s)', async (sin, text) => {
    expect(await isFound(sin, text)).toBe(true)
  })
})
