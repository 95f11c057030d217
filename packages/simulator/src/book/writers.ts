import type { Random } from '@quorate/contracts'
import { judgeAsBlackBox } from '../checks/black-box.js'
import { complaintAboutBook } from '../checks/linearizable-book.js'
import { Client } from '../clients/client.js'
import type { Load, LoadSurroundings } from '../load.js'
import type { Cluster } from '../world/cluster.js'
import type { WatchedTime } from '../world/watched-time.js'
import { book, pagesOfBook } from './book.js'
import { History } from './history.js'

/** Everybody who writes in a book and looks at it, each one question after the other, and keeps what it was told. */
export class Writers implements Load<typeof book> {
  readonly #world: LoadSurroundings<typeof book>
  readonly #history = new History()
  acknowledged = 0
  acknowledgedInCalm = 0
  #askedBeforeCalm = Infinity
  #isOver = false
  #isCalm = false
  #active = 0

  constructor(world: LoadSurroundings<typeof book>) {
    this.#world = world
  }

  get areDone(): boolean {
    return this.#active === 0
  }

  start(): void {
    const { load, random, counters } = this.#world
    for (let at = 0; at < load.clients; at += 1) {
      const client = new Client<typeof book>({
        ...this.#world,
        random: random.fork(),
        isOver: () => this.#isOver,
        isCalm: () => this.#isCalm,
        onRetry: () => counters.add('a caller asks again'),
        onLateAnswer: () => counters.add('a command is answered when it is asked again'),
      })
      for (let each = 0; each < load.atOnce; each += 1) void this.#write(client, random.fork())
    }
  }

  calm(): void {
    this.#isCalm = true
    this.#askedBeforeCalm = this.#history.appends.length
  }

  finish(): void {
    this.#isOver = true
  }

  /** Two opinions: of who knows the place of every entry, and of who sees what callers saw and nothing else. */
  async complaint(cluster: Cluster<typeof book>, time: WatchedTime): Promise<string | null> {
    const complaint = complaintAboutBook(await finishedPages(cluster, time), this.#history)
    if (complaint !== null) return complaint
    const opinion = judgeAsBlackBox(this.#history)
    this.#world.counters.add(`a history is ${opinion}`)
    return opinion === 'notLinearizable' ? 'no order of the commands explains what callers saw' : null
  }

  async #write(client: Client<typeof book>, random: Random): Promise<void> {
    const { load } = this.#world
    this.#active += 1
    while (!this.#isOver) {
      const page = random.nextInt(pagesOfBook)
      if (random.nextInt(100) >= load.readsPercent) await this.#append(client, page)
      else await this.#glance(client, page, random.nextInt(4) === 0 ? 'local' : 'linearizable')
      await client.pause(random.nextInt(load.pauseMs + 1))
    }
    this.#active -= 1
  }

  async #append(client: Client<typeof book>, page: number): Promise<void> {
    const { counters } = this.#world
    const history = this.#history
    const told = history.ask(page)
    const ending = await client.command(book.commands.append.encode({ page, entry: told.entry }))
    counters.add(`a command ends: ${ending.kind}`)
    if (ending.kind === 'answered') {
      this.acknowledged += 1
      if (told.entry > this.#askedBeforeCalm) this.acknowledgedInCalm += 1
      told.answered = history.now()
      told.place = book.commands.append.decodeResult(ending.answer.result)
    } else if (ending.kind === 'notDone') told.isRefused = true
  }

  async #glance(client: Client<typeof book>, page: number, consistency: 'linearizable' | 'local'): Promise<void> {
    const { counters } = this.#world
    const history = this.#history
    const asked = history.now()
    const told = await client.query(book.queries.glance.encode(page), consistency)
    counters.add(`a ${consistency} query ${told === null ? 'gets no answer' : 'is answered'}`)
    if (told === null) return
    const { length, chain } = book.queries.glance.decodeResult(told.answer.result)
    const { member, life } = told
    history.glances.push({ page, consistency, member, life, asked, answered: history.now(), length, chain })
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
