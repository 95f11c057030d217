import {
  QuorateError,
  type Batch,
  type Channel,
  type Counter,
  type GaugeSample,
  type Histogram,
  type Metrics,
} from '@quorate/contracts'
import type { Pending, Queues, SnapshotStatus } from '../queues.js'

/** Seconds. A write to a good disk takes under one millisecond, an election hundreds. */
const bounds = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** What is asked of the driver whenever somebody looks. */
export interface VitalSigns {
  readonly isLeader: () => boolean
  readonly epoch: () => number
  readonly lastApplied: () => number
  readonly clusterTimeMs: () => number
  readonly sessions: () => number
  readonly pending: () => Pending
  readonly queues: () => Queues
  readonly snapshot: () => SnapshotStatus
  /** Entries that a follower has not acknowledged, by follower; none unless this member leads. */
  readonly behind: () => ReadonlyMap<string, number>
  /** Milliseconds by member; none where nothing is known. */
  readonly roundTripMs: () => ReadonlyMap<string, number>
}

type Way = 'sent' | 'received' | 'dropped'

/** The numbers of one driver, under the names that an operator finds them by. */
export class Vitals {
  readonly #metrics: Metrics
  readonly #calls = new Map<string, Counter>()
  readonly #seconds: Readonly<Record<'command' | 'query', Histogram>>
  readonly #appendSeconds: Histogram
  readonly #records: Counter
  readonly #recordBytes: Counter
  readonly #missedTicks: Counter
  readonly #leaderships: Counter
  readonly #warnings = new Map<string, Counter>()
  readonly #snapshots: Readonly<Record<'saved' | 'installed', Counter>>
  readonly #frames: Readonly<Record<Way, Readonly<Record<Channel, Counter>>>>

  constructor(metrics: Metrics, signs: VitalSigns) {
    this.#metrics = metrics
    this.#seconds = {
      command: metrics.histogram('quorate_command_seconds', 'How long commands of callers here took.', bounds),
      query: metrics.histogram('quorate_query_seconds', 'How long queries of callers here took.', bounds),
    }
    this.#appendSeconds = metrics.histogram('quorate_append_seconds', 'How long a batch took to be durable.', bounds)
    this.#records = metrics.counter('quorate_append_records_total', 'Records made durable.')
    this.#recordBytes = metrics.counter('quorate_append_bytes_total', 'Bytes of records made durable.')
    this.#missedTicks = metrics.counter('quorate_missed_ticks_total', 'Ticks that a stall of the event loop swallowed.')
    this.#leaderships = metrics.counter('quorate_leadership_changes_total', 'Changes of who leads, as seen here.')
    const snapshots = (how: string): Counter =>
      metrics.counter('quorate_snapshots_total', 'Snapshots saved here, or installed from others.', { how })
    this.#snapshots = { saved: snapshots('saved'), installed: snapshots('installed') }
    this.#frames = framesOf(metrics)
    registerSigns(metrics, signs)
  }

  /** How a call of this member's callers ended, and after how long. */
  onCall(kind: 'command' | 'query', error: unknown, ms: number): void {
    this.#seconds[kind].observe(ms / 1_000)
    const outcome = error === null ? 'done' : error instanceof QuorateError ? error.outcome : 'notDone'
    const help = 'Commands and queries of callers here, by how they ended.'
    this.#counter(this.#calls, 'quorate_calls_total', help, { kind, outcome }).add()
  }

  onAppended({ records }: Batch, ms: number): void {
    this.#appendSeconds.observe(ms / 1_000)
    this.#records.add(records.length)
    let bytes = 0
    for (const record of records) bytes += record.length
    this.#recordBytes.add(bytes)
  }

  onMissedTicks(ticks: number): void {
    this.#missedTicks.add(ticks)
  }

  onLeadership(): void {
    this.#leaderships.add()
  }

  onSnapshot(how: 'saved' | 'installed'): void {
    this.#snapshots[how].add()
  }

  onWarning(code: string): void {
    this.#counter(this.#warnings, 'quorate_warnings_total', 'Warnings, by code.', { code }).add()
  }

  onFrame(way: Way, channel: Channel): void {
    this.#frames[way][channel].add()
  }

  /** A series is there from its first time on. */
  #counter(known: Map<string, Counter>, name: string, help: string, labels: Readonly<Record<string, string>>): Counter {
    const key = Object.values(labels).join(' ')
    const counter = known.get(key) ?? this.#metrics.counter(name, help, labels)
    known.set(key, counter)
    return counter
  }
}

function framesOf(metrics: Metrics): Readonly<Record<Way, Readonly<Record<Channel, Counter>>>> {
  const help = 'Frames to and from other members; dropped: what found no room or no link.'
  const counter = (way: Way, channel: Channel): Counter =>
    metrics.counter('quorate_frames_total', help, { way, channel })
  const byChannel = (way: Way): Readonly<Record<Channel, Counter>> => ({
    control: counter(way, 'control'),
    log: counter(way, 'log'),
    bulk: counter(way, 'bulk'),
  })
  return { sent: byChannel('sent'), received: byChannel('received'), dropped: byChannel('dropped') }
}

function registerSigns(metrics: Metrics, signs: VitalSigns): void {
  const gauge = (name: string, help: string, read: () => number | readonly GaugeSample[]): void =>
    metrics.gauge(`quorate_${name}`, help, read)
  gauge('leads', '1 while this member leads, as far as it knows.', () => (signs.isLeader() ? 1 : 0))
  gauge('epoch', 'Label of the leadership that this member follows; larger is later.', signs.epoch)
  gauge('last_applied', 'Position of the last command applied.', signs.lastApplied)
  gauge('cluster_time_seconds', 'Time of leadership since the cluster began.', () => signs.clusterTimeMs() / 1_000)
  gauge('sessions', 'Sessions that are open.', signs.sessions)
  gauge('pending', 'Calls under way: of callers here, and forwarded by other members.', () =>
    Object.entries({ ...signs.pending() }).map(([kind, value]) => ({ labels: { kind }, value })),
  )
  gauge('queued', 'What waits inside of this member, by queue.', () =>
    Object.entries({ ...signs.queues() }).map(([queue, value]) => ({ labels: { queue }, value })),
  )
  gauge('snapshot_position', 'Position of the last durable snapshot.', () => signs.snapshot().position)
  gauge(
    'entries_since_snapshot',
    'Entries applied since the last durable snapshot.',
    () => signs.snapshot().entriesSince,
  )
  gauge('follower_behind_entries', 'Entries that a follower has not acknowledged to this leader.', () =>
    byPeer(signs.behind(), 1),
  )
  gauge('round_trip_seconds', 'Smoothed round trip to another member.', () => byPeer(signs.roundTripMs(), 1_000))
}

function byPeer(values: ReadonlyMap<string, number>, divisor: number): GaugeSample[] {
  return [...values].map(([peer, value]) => ({ labels: { peer }, value: value / divisor }))
}
