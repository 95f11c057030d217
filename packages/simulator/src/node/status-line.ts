import type { TraceEvent } from '../trace.js'

/** What is worth a line for somebody who watches. */
const interesting = /^(start|started|kill|powerCut|ended|pause|resume|leadership|heal|trap|rot|snapshot .*|fault .*)$/

/**
 * One run in two columns as it happens: how all members are, and what happened. `L` leads, `.` runs, `~` starts, `=` is
 * paused, `x` is down.
 */
export class StatusLine {
  readonly #states: Map<string, string>
  #leader: string | null = null
  #epoch = 0

  constructor(ids: readonly string[]) {
    this.#states = new Map(ids.map((id) => [id, 'x']))
  }

  /** A line; null when nothing worth one happened. */
  lineOf(event: TraceEvent): string | null {
    if (!interesting.test(event.what)) return null
    const isNews = this.#follow(event)
    if (!isNews) return null
    const members = [...this.#states]
      .map(([id, state]) => (id === this.#leader && state === '.' ? 'L' : state))
      .join('')
    const detail =
      event.detail === null || (Array.isArray(event.detail) && event.detail.length === 0) ? '' : text(event)
    return `${(event.ms / 1_000).toFixed(3).padStart(8)} s  ${members}  │ ${event.member ?? '   '} ${event.what}${detail}`
  }

  /** False for who repeats what another has said. */
  #follow({ what, member, detail }: TraceEvent): boolean {
    const state = stateAfter(what)
    if (state !== null && member !== null) this.#states.set(member, state)
    if (what === 'start' && member === this.#leader) this.#leader = null
    if (what !== 'leadership') return true
    if (typeof detail !== 'object' || detail === null) return false
    const { leader, epoch }: Record<string, unknown> = { ...detail }
    if (typeof leader !== 'string' || typeof epoch !== 'number' || epoch <= this.#epoch) return false
    this.#leader = leader
    this.#epoch = epoch
    return true
  }
}

function stateAfter(what: string): string | null {
  switch (what) {
    case 'start':
      return '~'
    case 'started':
    case 'resume':
      return '.'
    case 'pause':
      return '='
    case 'kill':
    case 'powerCut':
    case 'ended':
      return 'x'
    default:
      return null
  }
}

function text({ detail }: TraceEvent): string {
  if (typeof detail !== 'object' || detail === null || Array.isArray(detail)) return ` ${JSON.stringify(detail)}`
  const words = Object.entries(detail)
    .filter(([name]) => name !== 'kind' && name !== 'atMs')
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return ` (${words.join(', ')})`
}
