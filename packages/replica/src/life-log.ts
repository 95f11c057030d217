import type { Position } from '@quorate/contracts'
import type { Events } from './events.js'
import type { Identity } from './identity.js'
import { addressOfSelf, type CheckedOptions } from './options.js'

/** Says that a member has started and what it recovered, and from then on whom it follows and when it leads. */
export function logRecovered(
  events: Events,
  of: {
    readonly options: CheckedOptions
    readonly protocol: string
    readonly identity: Identity
    /** What the state of the machine stands at: the position of the snapshot. */
    readonly at: Position
  },
): void {
  const { id } = of.options
  const { clusterId, incarnation, starts } = of.identity
  const fields = { id, clusterId, incarnation, starts, protocol: of.protocol, snapshot: of.at }
  const what = starts === 1 ? 'started for the first time' : `started for the ${starts}th time and recovered its data`
  events.log(fields, `${id} ${what}`)
  events.on('leadership', ({ leader, epoch }) => {
    const does = leader === id ? 'leads' : leader === null ? 'knows no leader' : `follows ${leader}`
    events.log({ id, leader, epoch }, `${id} ${does} in epoch ${epoch}`, 'leadership')
  })
  events.on('snapshot', () => events.over('SNAPSHOT_FAILED'))
}

/** Says that peers can connect. */
export function logListening(events: Events, options: CheckedOptions): void {
  const address = addressOfSelf(options)
  events.log({ id: options.id, address }, `${options.id} listens for its peers at ${address}`)
}
