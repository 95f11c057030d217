import { position, type SnapshotMeta } from '@quorate/contracts'
import type { Append, Offer } from './message.js'
import { release } from './snapshots.js'
import { append, metaOf, type FixedLeaderState } from './state.js'

export function onAppend(state: FixedLeaderState, message: Append): void {
  const { log } = state
  if (message.previous <= log.last) {
    for (const command of message.commands.slice(log.last - message.previous)) append(state, command, null)
    const vouched = message.previous + message.commands.length
    state.commit = Math.max(state.commit, Math.min(message.commit, vouched))
  }
  reply(state)
}

/**
 * Asks for the offered image, unless the log reaches as far: then the leader has not heard so. One at a time: while one
 * is fetched or installed, offers are ignored (section 9.5 of the ports), because the next heartbeat brings another.
 */
export function onOffer(state: FixedLeaderState, { position: at }: Offer): void {
  if (at <= state.log.last) {
    reply(state)
  } else if (state.fetching === null && state.installing === null) {
    state.fetching = at
    state.outbox.fetchSnapshot = { from: state.leader, meta: metaOf(state, at) }
  }
}

/** The image could not be had: the next heartbeat offers the newest one. */
export function onSnapshotFailed(state: FixedLeaderState, meta: SnapshotMeta): void {
  if (state.fetching === meta.position) state.fetching = null
}

/**
 * The image that was asked for is durable here. It replaces what it is ahead of.
 *
 * Figure 13, decided once: a log that reached the snapshot's position while the image was fetched keeps what is behind
 * it, for one leader wrote both; any other begins anew there.
 */
export function onSnapshotFetched(state: FixedLeaderState, meta: SnapshotMeta): void {
  if (state.fetching !== meta.position) return
  state.fetching = null
  if (meta.position <= state.commit) return
  const fate = meta.position <= state.log.last ? 'keeps' : 'resets'
  state.commit = state.delivered = meta.position
  state.installing = meta.position
  state.outbox.installSnapshot = meta
  release(state, meta.position, fate)
  state.log.forgetTo(meta.position)
  reply(state)
}

function reply({ log, outbox, leader }: FixedLeaderState): void {
  outbox.send(leader, { kind: 'appendReply', last: position(log.last) })
}
