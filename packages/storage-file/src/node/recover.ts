import { lstat, realpath } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import {
  addressSchema,
  describeError,
  nodeIdSchema,
  sortedMembers,
  type ClusterPlan,
  type ForceMembers,
  type Member,
  type PlanCluster,
  type Remains,
} from '@quorate/contracts'
import { nodeEnvironment } from '@quorate/contracts/node'
import { InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { fileStorage } from '../file-storage.js'
import { inspectPlace } from '../inspection.js'
import { fileStorageOptionsSchema, type FileSettings } from '../options.js'
import { readRemains } from '../remains.js'
import { CommandError } from './command-error.js'
import { describePlan, describeSeeds } from './describe-plan.js'
import { describeProblems } from './describe-report.js'
import { exported, loadModules } from './modules.js'
import { nodeFiles } from './node-files.js'

/** What `recover` is asked for. */
export interface RecoverWish {
  /** What is left: directories of members that survived, or backups that were taken of members. */
  readonly from: 'survivors' | 'backups'
  /** Their directories. */
  readonly survivors: readonly FileSettings[]
  readonly cluster: string
  readonly members: readonly Member[]
  /** Where the new directories go, in one that is made for them; null: nothing is written. */
  readonly into: string | null
  /** Modules that export `forceMembers` and `planCluster`. */
  readonly modules: readonly string[]
}

const planClusterSchema = z.custom<PlanCluster>((given) => typeof given === 'function')
const forceMembersSchema = z.custom<ForceMembers>((given) => typeof given === 'function')

/**
 * `quorate-storage recover`: begins another cluster with what the survivor that is ahead has, after a majority was lost.
 * Says what it will take for committed, and asks; `mayWrite` gets the question. The old directories are locked and read,
 * and never changed. The new ones appear together, under their name, when all of them were written, synced and verified.
 */
export async function recover(
  wish: RecoverWish,
  say: (lines: readonly string[]) => void,
  mayWrite: (cluster: string) => Promise<boolean>,
): Promise<void> {
  const loaded = await loadModules(wish.modules, 'forceMembers and planCluster, as quorate/recovery does')
  const planCluster = planClusterSchema.parse(exported(loaded, 'planCluster'))
  const forceMembers = forceMembersSchema.parse(exported(loaded, 'forceMembers'))
  const unlocks: (() => Promise<void>)[] = []
  await checkAreApart(wish)
  try {
    for (const { files, directory } of wish.survivors) unlocks.push(await files.lock(directory))
    const remains: Remains[] = []
    for (const settings of wish.survivors) remains.push(await soundRemains(settings, wish.from))
    const { cluster } = wish
    const members = sortedMembers(wish.members)
    const plan = await planCluster(remains, { cluster, members, forceMembers, environment: nodeEnvironment() })
    say(describePlan(plan, wish))
    if (wish.into === null) {
      say(['', 'Nothing was written. Add --into DIRECTORY to write the directories of the new members there.'])
      return
    }
    const into = resolve(wish.into)
    await checkIsFree(into)
    if (!(await mayWrite(cluster))) throw new CommandError('Nothing was written.')
    await writeSeeds(plan, into).catch((error: unknown) => {
      if (error instanceof CommandError) throw error
      throw new CommandError(
        `${describeError(error)}. What was written so far is of no use: delete ${draftOf(into)} before you try again`,
      )
    })
    say(describeSeeds(plan, into, cluster))
  } finally {
    for (const unlock of unlocks.reverse()) await unlock()
  }
}

/** `n1=10.0.0.1:7001`, and behind a comma where its clients reach it. */
export function memberOf(text: string, before: readonly Member[] = []): Member[] {
  const [id, addresses = ''] = text.split('=', 2)
  const [address, clientAddress = null, ...rest] = addresses.split(',')
  const parsed = z
    .object({ id: nodeIdSchema, address: addressSchema, clientAddress: addressSchema.nullable() })
    .safeParse({ id, address, clientAddress })
  if (!parsed.success || rest.length > 0 || id === '.' || id === '..') {
    throw new InvalidArgumentError('It is ID=HOST:PORT, or ID=HOST:PORT,HOST:PORT with the address for clients.')
  }
  if (before.some((member) => member.id === parsed.data.id)) throw new InvalidArgumentError('It was named before.')
  return [...before, { ...parsed.data, incarnation: null, role: 'voter' }]
}

/** Reads a directory that is whole, or says all that is wrong with it. */
async function soundRemains(settings: FileSettings, from: RecoverWish['from']): Promise<Remains> {
  const report = await inspectPlace(settings)
  if (from === 'backups' && !report.isBackup) {
    throw new CommandError(
      `${settings.directory} is no backup that \`quorate-storage backup\` has taken, and nothing was written. What a lost ` +
        'majority has left is taken up by `quorate-storage recover`',
    )
  }
  if (report.problems.length === 0) return readRemains(settings)
  const { directory } = settings
  throw new CommandError(
    `${directory} is damaged, and nothing was written. ${describeProblems(report).join('\n')}\n` +
      `Take another survivor, or look at what \`quorate-storage repair ${directory}\` would give up.`,
  )
}

/** No survivor is named twice, and nothing is written into one. */
async function checkAreApart({ survivors, into }: RecoverWish): Promise<void> {
  const given = new Map<string, string>()
  for (const { directory } of survivors) {
    const real = await realpath(directory)
    const before = given.get(real)
    if (before !== undefined) {
      throw new CommandError(
        `${before} and ${directory} are one directory, and nothing was written: name each survivor once`,
      )
    }
    given.set(real, directory)
  }
  for (let at = resolve(into ?? '/'); into !== null; at = dirname(at)) {
    const survivor = given.get(await realpath(at).catch(() => at))
    if (survivor !== undefined) {
      throw new CommandError(
        `${into} is within ${survivor}, which stays as it is, and nothing was written: name another place with --into`,
      )
    }
    if (dirname(at) === at) return
  }
}

async function checkIsFree(into: string): Promise<void> {
  for (const path of [into, draftOf(into)]) {
    const isThere = await lstat(path).then(
      () => true,
      () => false,
    )
    if (isThere)
      throw new CommandError(`${path} is there already, and nothing was written: name another place with --into`)
  }
}

function draftOf(into: string): string {
  return `${into}.unfinished`
}

async function writeSeeds(plan: ClusterPlan, into: string): Promise<void> {
  const files = nodeFiles()
  const draft = draftOf(into)
  for (const { id } of plan.members) {
    const seed = { directory: `${draft}/${id}`, files, environment: nodeEnvironment(), reserveSegments: 0 }
    // Whoever gets it moves it to another machine; its first start ties it to the files that it has there.
    const given = { ...seed, mayMove: true }
    await plan.seed(id, fileStorage(given))
    const report = await inspectPlace(fileStorageOptionsSchema.parse(given))
    if (report.problems.length > 0) {
      throw new CommandError(
        `What was written does not read back, and ${draft} is of no use. ${describeProblems(report).join('\n')}`,
      )
    }
  }
  await files.rename(draft, into)
  await files.syncDirectory(dirname(into))
}
