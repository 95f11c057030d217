import type { Channel, Environment, NodeId } from '@quorate/contracts'
import type { Hub } from './hub.js'
import { Line } from './line.js'

/** What a connection joins: who dialled whom, and where arriving frames go. */
export interface ConnectionEnds {
  readonly from: NodeId
  readonly to: NodeId
  readonly environment: Environment
  readonly channelBytesMax: number
  /** Runs at the side that was dialled. */
  readonly onFrame: (channel: Channel, frame: Uint8Array) => 'malformed' | void
  /** Runs at the side that dialled, once, when the other side ends the connection. */
  readonly onBroken: (reason: string) => void
}

/** A connection that was admitted by both sides. Frames go from the side that dialled to the other. */
export class Connection {
  readonly #ends: ConnectionEnds
  readonly #lines: Readonly<Record<Channel, Line>>
  #open = true

  constructor(hub: Hub, ends: ConnectionEnds) {
    this.#ends = ends
    const line = (channel: Channel) =>
      new Line(hub, ends, ends.environment, ends.channelBytesMax, (frame) => {
        if (ends.onFrame(channel, frame) === 'malformed') this.break(`ended: ${channel} brought what no member sends`)
      })
    this.#lines = { control: line('control'), log: line('log'), bulk: line('bulk') }
  }

  send(channel: Channel, frame: Uint8Array): 'queued' | 'dropped' {
    return this.#lines[channel].offer(frame)
  }

  /** Ends it from the side that dialled. Frames on their way are lost. */
  close(): void {
    this.#open = false
    for (const line of Object.values(this.#lines)) line.close()
  }

  /** Ends it from the side that was dialled. The other side hears of it in a later turn. */
  break(reason: string): void {
    if (!this.#open) return
    this.close()
    void this.#ends.environment.yieldTurn().then(() => this.#ends.onBroken(reason))
  }
}
