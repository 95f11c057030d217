import type { KnownBug } from '../known-bug.js'

/** Bugs of upgrades: what is active, who decided it, and what a member with other code makes of it. */
export const bugsOfUpgrades: readonly KnownBug[] = [
  {
    bug: 'a version is activated as soon as the leader has it',
    profile: 'upgrades',
    file: 'replica/src/versions/activation.ts',
    replace: `common = Math.min(common, each?.get(name) ?? firstVersion)`,
    by: `common = Math.min(common, common + (each?.get(name) ?? firstVersion))`,
  },
  {
    bug: 'a member that is away counts as upgraded',
    profile: 'upgrades',
    file: 'replica/src/versions/activation.ts',
    replace: `common = Math.min(common, each?.get(name) ?? firstVersion)`,
    by: `common = Math.min(common, each?.get(name) ?? common)`,
  },
  {
    bug: 'an image says what its writer knows, not what is active',
    profile: 'upgrades',
    file: 'replica/src/replicated-state.ts',
    replace: `writeImageHead(this.machine, this.active,`,
    by: `writeImageHead(this.machine, this.#supported,`,
  },
  {
    bug: 'the active version is left out of the snapshot',
    profile: 'upgrades',
    file: 'replica/src/replicated-state.ts',
    replace: `writeImageHead(this.machine, this.active,`,
    by: `writeImageHead(this.machine, this.#formats,`,
  },
  {
    bug: 'a restored state is taken for one of the newest version',
    profile: 'upgrades',
    file: 'replica/src/replicated-state.ts',
    replace: `this.machine.restore(rest, versionIn(active, machineVersionName))`,
    by: `this.machine.restore(rest, this.machine.version + 0 * versionIn(active, machineVersionName))`,
  },
  {
    bug: 'a leader stamps the version of its own code on what others propose',
    profile: 'upgrades',
    file: 'replica/src/stamps.ts',
    replace: `{ clock }: ReplicatedState): Uint8Array {
  return encodeEnvelope({
    kind: proposal.kind,
    cluster: proposal.cluster,
    codec: proposal.codec,
    machineVersion: proposal.machineVersion,`,
    by: `{ clock, machine }: ReplicatedState): Uint8Array {
  return encodeEnvelope({
    kind: proposal.kind,
    cluster: proposal.cluster,
    codec: proposal.codec,
    machineVersion: Math.max(proposal.machineVersion, machine.version),`,
  },
  {
    bug: 'a member activates what its code does not know',
    profile: 'upgrades',
    file: 'replica/src/replicated-state.ts',
    replace: `    const beyond = versionBeyond(this.#supported, wanted)`,
    by: `    const beyond = versionBeyond(wanted, wanted) ?? null`,
  },
]
