import {
  describeError,
  parseOptions,
  position,
  seededRandom,
  type MachineModule,
  type Members,
  type OpenStorage,
  type Position,
  type Protocol,
  type ProtocolModule,
} from '@quorate/contracts'
import { ClusterClock } from './cluster-clock.js'
import { clusterIdOf } from './cluster-id.js'
import { Driver } from './driver.js'
import { Events } from './events.js'
import { refuseUnreachable, warnOfDifferences } from './founding-addresses.js'
import { IdentityFile } from './identity-file.js'
import { logListening, logRecovered } from './life-log.js'
import { foundingMembers, replicaOptionsSchema, type CheckedOptions, type ReplicaOptions } from './options.js'
import { ReplicatedState } from './replicated-state.js'
import { replicaOf, type Replica } from './replica.js'
import { SnapshotInstall } from './snapshots/snapshot-install.js'
import { supportedVersions } from './versions/supported.js'

/**
 * Starts one member. Resolves when it has recovered what its storage holds and listens for its peers; a leader may be
 * found later (decision D24). Whatever was opened is closed again if a later step fails.
 */
export async function createReplica<Machine extends MachineModule, Message, Admin>(
  given: ReplicaOptions<Machine, Message, Admin>,
): Promise<Replica<Machine>> {
  const options = parseOptions(replicaOptionsSchema, given, 'the options of createReplica')
  const storage = await options.storage.open()
  try {
    const driver = await recover(options, given.protocol, storage)
    await driver.start()
    logListening(driver.events, options)
    return replicaOf(driver, given.machine)
  } catch (error) {
    await closeQuietly(storage, options)
    throw error
  }
}

async function recover<Message, Admin>(
  options: CheckedOptions,
  module: ProtocolModule<Message, Admin>,
  storage: OpenStorage,
): Promise<Driver<Message, Admin>> {
  const events = new Events(options.logger, options.environment)
  const founders = foundingMembers(options)
  const clusterId = clusterIdOf(options.cluster, founders)
  const isAlone = founders.length === 1
  if (storage.identity === null && options.transport.reach !== 'process' && !isAlone) refuseUnreachable(founders)
  const claim = { clusterId, self: options.id, founders }
  const identity = await IdentityFile.claim(storage, options.environment, claim, options.forgetPeers)
  if (options.forgetPeers.length > 0)
    events.log({ peers: options.forgetPeers }, 'what was learned of peers is forgotten')
  const supported = supportedVersions(options.machine, module)
  const state = new ReplicatedState(options.machine.create(), new ClusterClock(options.environment), supported)
  const at = await restoreState(options, storage, state)
  const { protocol, recovered } = await recoverProtocol(options, module, storage, identity, founders, events)
  warnOfMembers(identity.current.founders, founders, events)
  warnOfStorage(options, events)
  logRecovered(events, { options, protocol: module.name, identity: identity.current, at })
  return new Driver({ options, module, protocol, storage, identity, state, at, recovered, events })
}

/** Puts the storage's snapshot in the place of the initial state. Returns the position that the state then stands at. */
async function restoreState(
  { environment }: CheckedOptions,
  storage: OpenStorage,
  state: ReplicatedState,
): Promise<Position> {
  if (storage.snapshot === null) return position(0)
  const install = new SnapshotInstall({ environment, storage, restore: (image) => state.restore(image) })
  await install.install(storage.snapshot)
  return storage.snapshot.position
}

async function recoverProtocol<Message, Admin>(
  options: CheckedOptions,
  module: ProtocolModule<Message, Admin>,
  storage: OpenStorage,
  identity: IdentityFile,
  founders: Members,
  events: Events,
): Promise<{ readonly protocol: Protocol<Message, Admin>; readonly recovered: number }> {
  const begin = () =>
    module.recover({
      self: options.id,
      incarnation: identity.current.incarnation,
      bootstrap: identity.current.founders,
      snapshot: storage.snapshot,
      random: seededRandom(options.environment.randomBytes(16)),
      tickMs: options.tickMs,
    })
  const recovery = begin()
  let recovered = 0
  const report = await storage.replay((sequence, bytes) => {
    recovered = sequence
    recovery.record(sequence, bytes)
  })
  if (report.cut) {
    const { batches, records, bytes } = report.cut
    const what = `${batches} batches, ${records} records, ${bytes} bytes`
    events.warn('TAIL_CUT', `the journal ended in a write that was never acknowledged, and it was dropped: ${what}`)
  }
  if (recovered > 0 || storage.snapshot !== null) return { protocol: recovery.finish(), recovered }
  // Nothing was ever agreed here, so corrected options count.
  await identity.correctFounders(founders)
  return { protocol: begin().finish(), recovered }
}

function warnOfMembers(founded: Members, given: Members, events: Events): void {
  warnOfDifferences(founded, given, events)
  const voters = founded.filter((member) => member.role === 'voter').length
  if (voters % 2 === 0) {
    const message = `${voters} members survive no more failures than ${voters - 1}: use an odd number`
    events.warn('EVEN_CLUSTER', message)
  }
}

function warnOfStorage({ storage, transport, members }: CheckedOptions, events: Events): void {
  const isAlone = Object.keys(members).length === 1
  if (storage.survives !== 'nothing' || transport.reach === 'process' || isAlone) return
  const message =
    'the storage of this member forgets everything when its process ends, and the members are reached over a network: ' +
    'a restart loses votes and acknowledged commands. Use fileStorage()'
  events.warn('MEMORY_STORAGE', message)
}

async function closeQuietly(storage: OpenStorage, options: CheckedOptions): Promise<void> {
  try {
    await storage.close()
  } catch (error) {
    options.logger.error({ id: options.id, error: describeError(error) }, 'the storage did not close')
  }
}
