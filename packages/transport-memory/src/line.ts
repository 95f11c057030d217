import type { Environment, NodeId } from '@quorate/contracts'
import type { Hub } from './hub.js'

/** What a frame costs beside its bytes, so that empty frames are bounded too. */
const frameOverheadBytes = 64

interface Flight {
  readonly frame: Uint8Array
  readonly dueMs: number
}

/** One channel of one connection: frames on their way, first in first out unless the hub reorders. */
export class Line {
  readonly #hub: Hub
  readonly #from: NodeId
  readonly #to: NodeId
  readonly #environment: Environment
  readonly #bytesMax: number
  readonly #arrive: (frame: Uint8Array) => void
  #flights: Flight[] = []
  #bytes = 0
  #waiting = false
  #closed = false
  #cancelTimer: (() => void) | undefined

  constructor(
    hub: Hub,
    route: { readonly from: NodeId; readonly to: NodeId },
    environment: Environment,
    bytesMax: number,
    arrive: (frame: Uint8Array) => void,
  ) {
    this.#hub = hub
    this.#from = route.from
    this.#to = route.to
    this.#environment = hub.clock(environment)
    this.#bytesMax = bytesMax
    this.#arrive = arrive
  }

  /** Takes a copy of the frame, or refuses it because too much is on its way. */
  offer(frame: Uint8Array): 'queued' | 'dropped' {
    const full = this.#bytes + frame.length + frameOverheadBytes > this.#bytesMax
    if (this.#closed || (full && this.#flights.length > 0)) return 'dropped'
    if (this.#hub.isCut(this.#from, this.#to) || this.#hub.strikes('loss', this.#from, this.#to)) return 'queued'
    this.#launch(frame)
    if (this.#hub.strikes('duplication', this.#from, this.#to)) this.#launch(frame)
    this.#wait()
    return 'queued'
  }

  close(): void {
    this.#closed = true
    this.#flights = []
    this.#cancelTimer?.()
  }

  #launch(frame: Uint8Array): void {
    // Not `frame.slice()`: a Buffer is a Uint8Array too, and its slice shares the bytes.
    const copy = new Uint8Array(frame)
    this.#bytes += copy.length + frameOverheadBytes
    const dueMs = this.#environment.monotonicMs() + this.#hub.latencyMs(this.#from, this.#to)
    const overtaken =
      this.#flights.length > 0 && this.#hub.strikes('reordering', this.#from, this.#to) ? this.#overtaken() : undefined
    if (overtaken === undefined) this.#flights.push({ frame: copy, dueMs })
    else this.#flights.splice(overtaken.at, 0, { frame: copy, dueMs: overtaken.dueMs })
  }

  #overtaken(): { at: number; dueMs: number } | undefined {
    const at = this.#hub.random.nextInt(this.#flights.length)
    const flight = this.#flights[at]
    return flight && { at, dueMs: flight.dueMs }
  }

  #wait(): void {
    const head = this.#flights[0]
    if (this.#waiting || !head) return
    this.#waiting = true
    const delayMs = head.dueMs - this.#environment.monotonicMs()
    // A turn and not a timer when there is no delay: a timer of 0 ms takes a whole millisecond in Node.js.
    if (delayMs > 0) this.#cancelTimer = this.#environment.setTimer(delayMs, () => this.#land(head.dueMs))
    else void this.#environment.yieldTurn().then(() => this.#land(head.dueMs))
  }

  /** Delivers what is due by now and has nothing undue before it; and at least what was due when the wait began, should a timer come early. */
  #land(dueMs: number): void {
    this.#waiting = false
    const now = Math.max(this.#environment.monotonicMs(), dueMs)
    const first = this.#flights.findIndex((flight) => flight.dueMs > now)
    const landed = this.#flights.splice(0, first < 0 ? this.#flights.length : first)
    for (const { frame } of landed) this.#bytes -= frame.length + frameOverheadBytes
    this.#wait()
    for (const { frame } of landed) {
      if (this.#closed) return
      if (!this.#hub.isCut(this.#from, this.#to)) this.#arrive(frame)
    }
  }
}
