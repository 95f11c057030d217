import { createHash } from 'node:crypto'
import { describeError } from '@quorate/contracts'
import { diskOf, imageOf, type Image } from '../places.js'
import { emptyAccount, type Account } from './account.js'
import { Member } from './member.js'
import type { Scenario } from './scenarios.js'
import { isSync, statesAfter, type Bounds } from './states.js'
import { traced, type Trace } from './trace.js'

/** How much is tried. `recoverEvery`: of so many images one is recovered under the eyes of the next stage. */
export interface Effort extends Bounds {
  readonly recoverEvery: { readonly first: number; readonly second: number }
}

/** Images that were opened and checked, by how often the power had been cut. */
export interface Counts {
  /** Cut while the scenario acts. */
  act: number
  /** And again while what was left is recovered. */
  recovery: number
  /** And a third time while what that has left is recovered. */
  secondRecovery: number
  /** Images that are like one that was tried before, with the same account; not opened again. */
  alike: number
}

const stages = ['act', 'recovery', 'secondRecovery'] as const

/** Every image that a power cut may leave within one scenario, opened and checked. Throws at the first that is wrong. */
export async function explore(scenario: Scenario, effort: Effort): Promise<Counts> {
  const counts: Counts = { act: 0, recovery: 0, secondRecovery: 0, alike: 0 }
  const seen = new Set<string>()
  const { image, account } = await prepared(scenario)
  const trace = await traceOf(image, account, (member) => scenario.act(member))
  await exploreTrace(trace, 0, [scenario.name])
  return counts

  async function exploreTrace(trace: Trace<Account>, depth: number, way: readonly string[]): Promise<void> {
    const stage = stages[depth] ?? 'act'
    const every = [effort.recoverEvery.first, effort.recoverEvery.second][depth]
    for (let cut = 0; cut <= trace.effects.length; cut += 1) {
      const account = trace.knowledge[cut] ?? emptyAccount
      const last = trace.effects[cut - 1]
      const accountText = JSON.stringify(account)
      const isNews = cut === 0 || accountText !== JSON.stringify(trace.knowledge[cut - 1])
      // A sync leaves nothing that was not possible before it.
      if (!isNews && last && isSync(last)) continue
      const here = [...way, `cut after ${cut} of ${trace.effects.length} (${last ? last.kind : 'nothing yet'})`]
      for (const image of statesAfter(trace.start, trace.effects.slice(0, cut), !isNews, effort)) {
        const key = keyOf(image, accountText)
        if (seen.has(key)) {
          counts.alike += 1
          continue
        }
        seen.add(key)
        counts[stage] += 1
        if (every === undefined || counts[stage] % every !== 0) await check(image, account, here)
        else await exploreTrace(await recoveryOf(image, account, here), depth + 1, here)
      }
    }
  }
}

async function prepared(scenario: Scenario): Promise<{ image: Image; account: Account }> {
  const files = await diskOf(new Map())
  const member = await Member.open(files)
  await scenario.prepare(member)
  const { account } = member
  // Of a place that was never opened there is nothing yet, so that the first open is cut as well.
  return scenario.name === 'first open' ? { image: new Map(), account } : { image: imageOf(files), account }
}

/** Opens a place, and does something there. */
async function traceOf(
  image: Image,
  account: Account,
  act: (member: Member) => Promise<void>,
): Promise<Trace<Account>> {
  const files = await diskOf(image)
  let known = (): Account => account
  return traced(
    files,
    image,
    () => known(),
    async (noted) => {
      const member = await Member.open(noted, account)
      known = () => member.account
      await act(member)
    },
  )
}

/** The recovery of an image, and one record more. It is as good a check as any. */
async function recoveryOf(image: Image, account: Account, way: readonly string[]): Promise<Trace<Account>> {
  try {
    return await traceOf(image, account, (member) => member.append('goes on'))
  } catch (error) {
    throw new Error(describe(way, image, error), { cause: error })
  }
}

async function check(image: Image, account: Account, way: readonly string[]): Promise<void> {
  try {
    await Member.open(await diskOf(image), account)
  } catch (error) {
    throw new Error(describe(way, image, error), { cause: error })
  }
}

function describe(way: readonly string[], image: Image, error: unknown): string {
  const files = [...image].map(([path, bytes]) => `  ${path}, ${bytes.length} bytes`).join('\n')
  return `${way.join(', ')}: ${describeError(error)}\nThe disk:\n${files}`
}

/** Names an image together with what is known beside it. */
function keyOf(image: Image, accountText: string): string {
  const hash = createHash('sha1').update(accountText)
  for (const path of [...image.keys()].sort()) hash.update(path).update(digestOf(image.get(path) ?? new Uint8Array()))
  return hash.digest('binary')
}

/** Contents are replaced and never changed, and most are shared by many images. */
const digests = new WeakMap<Uint8Array, string>()

function digestOf(bytes: Uint8Array): string {
  let digest = digests.get(bytes)
  if (digest === undefined) {
    digest = createHash('sha1').update(bytes).digest('binary')
    digests.set(bytes, digest)
  }
  return digest
}
