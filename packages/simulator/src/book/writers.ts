import type { Random } from '@quorate/contracts'
import { judgeAsBlackBox } from '../checks/black-box.js'
import { complaintAboutBook } from '../checks/linearizable-book.js'
import { calmPauseMsMax, type Asker, type Called } from '../clients/asker.js'
import { Askers } from '../clients/askers.js'
import type { Load, LoadSurroundings } from '../load.js'
import type { Cluster } from '../world/cluster.js'
import type { WatchedTime } from '../world/watched-time.js'
import { book, pagesOfBook, type AppendInput, type laterBook } from './book.js'
import { History } from './history.js'

/** Everybody who writes in a book and looks at it, each one question after the other, and keeps what it was told. */
export class Writers implements Load<typeof book> {
  readonly #world: LoadSurroundings<typeof book>
  readonly #askers: Askers<typeof book>
  readonly #history = new History()
  readonly #later: typeof laterBook | null
  acknowledged = 0
  acknowledgedInCalm = 0
  #askedBeforeCalm = Infinity
  #isOver = false
  #isCalm = false
  #active = 0
  #clusters = 1

  /** `later`: the book in later code, for a cluster that is upgraded: half of what is written needs it. */
  constructor(world: LoadSurroundings<typeof book>, later: typeof laterBook | null = null) {
    this.#world = world
    this.#later = later
    this.#askers = new Askers(
      { ...world, isOver: () => this.#isOver, isCalm: () => this.#isCalm, clusters: () => this.#clusters },
      later ?? book,
    )
  }

  get areDone(): boolean {
    return this.#active === 0 && this.#askers.areQuiet
  }

  start(): void {
    const { load, random } = this.#world
    for (let at = 0; at < load.clients; at += 1) {
      const asker = this.#askers.next(random.fork())
      for (let each = 0; each < load.atOnce; each += 1) void this.#write(asker, random.fork())
    }
  }

  calm(): void {
    this.#isCalm = true
    this.#askedBeforeCalm = this.#history.appends.length
  }

  onReplaced(keepsAcknowledged: boolean): void {
    this.#clusters += 1
    this.#history.onReplaced(keepsAcknowledged)
  }

  finish(): void {
    this.#isOver = true
  }

  left(): Promise<string | null> {
    return this.#askers.left()
  }

  /** Two opinions: of who knows the place of every entry, and of who sees what callers saw and nothing else. */
  async complaint(cluster: Cluster<typeof book>, time: WatchedTime): Promise<string | null> {
    const complaint = complaintAboutBook(await finishedPages(cluster, time), this.#history)
    // Whoever sees what callers saw and nothing else cannot tell what was in the second cluster from the beginning.
    if (complaint !== null || this.#clusters > 1) return complaint
    const opinion = judgeAsBlackBox(this.#history)
    this.#world.counters.add(`a history is ${opinion}`)
    return opinion === 'notLinearizable' ? 'no order of the commands explains what callers saw' : null
  }

  async #write(asker: Asker, random: Random): Promise<void> {
    const { load } = this.#world
    this.#active += 1
    while (!this.#isOver) {
      const page = random.nextInt(pagesOfBook)
      if (random.nextInt(100) >= load.readsPercent) await this.#append(asker, page, random)
      else await this.#glance(asker, page, random.nextInt(4) === 0 ? 'local' : 'linearizable')
      await asker.pause(random.nextInt((this.#isCalm ? calmPauseMsMax : load.pauseMs) + 1))
    }
    this.#active -= 1
  }

  async #append(asker: Asker, page: number, random: Random): Promise<void> {
    const { counters } = this.#world
    const history = this.#history
    const told = history.ask(page)
    const { commandBytes, answerBytes } = this.#world.load
    const input = {
      ...{ page, entry: told.entry },
      ...(commandBytes === 0 ? {} : { padding: '.'.repeat(random.nextInt(2) * commandBytes) }),
      ...(answerBytes === 0 ? {} : { answerBytes }),
    }
    const ending = await asker.command(this.#called(input))
    counters.add(`a command ends: ${ending.kind}`)
    if (ending.kind === 'answered') {
      this.acknowledged += 1
      if (told.entry > this.#askedBeforeCalm) this.acknowledgedInCalm += 1
      told.answered = history.now()
      told.place = book.commands.append.decodeResult(ending.result).place
    } else if (ending.kind === 'notDone') {
      told.answered = history.now()
      told.isRefused = true
    }
  }

  #called(input: AppendInput): Called {
    if (this.#later === null) return { name: 'append', input, request: book.commands.append.encode(input) }
    const isLater = input.entry % 2 === 0
    const operation = isLater ? this.#later.commands.inscribe : this.#later.commands.append
    return { name: isLater ? 'inscribe' : 'append', input, request: operation.encode(input), since: isLater ? 2 : 1 }
  }

  async #glance(asker: Asker, page: number, consistency: 'linearizable' | 'local'): Promise<void> {
    const { counters } = this.#world
    const history = this.#history
    const asked = history.now()
    const request = book.queries.glance.encode(page)
    const told = await asker.query({ name: 'glance', input: page, request }, consistency)
    counters.add(`a ${consistency} query ${told === null ? 'gets no answer' : 'is answered'}`)
    if (told === null) return
    const { length, chain } = book.queries.glance.decodeResult(told.result)
    history.glances.push({ page, consistency, member: told.by, asked, answered: history.now(), length, chain })
  }
}

/** The pages of a member's book, of those that have converged. */
async function finishedPages(cluster: Cluster<typeof book>, time: WatchedTime): Promise<number[][]> {
  const pages: number[][] = []
  const [member] = cluster.survivors
  for (let page = 0; page < pagesOfBook; page += 1) {
    const asked = member?.ask((replica) => replica.queries.page(page, { consistency: 'local' }))
    if (asked) pages.push(await time.during(asked, 1_000, 'reading a page'))
  }
  return pages
}
