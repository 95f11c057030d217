import { envelopeFormat, type MachineModule } from '@quorate/contracts'
import { frameVersions, helloFormat } from '../hello.js'
import { imageFormat } from '../state-image.js'
import { machineVersionName, sortedVersions, type Versions } from './version-list.js'

/**
 * The newest version of each format that this driver reads. A later one takes its place here, and is written only where
 * the active version of that name says so: the cluster activates it once every member announces it (decision D26).
 */
const driverFormats: Versions = new Map([
  ['envelope', envelopeFormat],
  ['frame', frameVersions.newest],
  ['hello', helloFormat],
  ['image', imageFormat],
])

/** The newest version of everything that a member with this code can be part of: what it announces. */
export function supportedVersions(
  machine: Pick<MachineModule, 'version'>,
  protocol: { readonly formats?: Readonly<Record<string, number>> },
): Versions {
  return sortedVersions([
    ...driverFormats,
    ...Object.entries(protocol.formats ?? {}),
    [machineVersionName, machine.version],
  ])
}
