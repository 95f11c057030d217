import type { Environment, Random } from '@quorate/contracts'
import { Client } from '../clients/client.js'
import type { Counters } from '../counters.js'
import type { Member } from '../member/member.js'
import type { LoadTraits } from '../plan/plan.js'
import { book, pagesOfBook } from './book.js'
import type { History } from './history.js'

/** What writers need of the world around them. */
export interface WritersSurroundings {
  readonly members: readonly Member<typeof book>[]
  readonly environment: Environment
  readonly random: Random
  readonly load: LoadTraits
  readonly history: History
  readonly counters: Counters
}

/** Everybody who writes in a book and looks at it, each one question after the other, and keeps what it was told. */
export class Writers {
  readonly #world: WritersSurroundings
  #isOver = false
  #isCalm = false
  #active = 0

  constructor(world: WritersSurroundings) {
    this.#world = world
  }

  get areDone(): boolean {
    return this.#active === 0
  }

  /** How many commands were acknowledged, of those that were asked after so many others. */
  acknowledgedOf(from: number): number {
    return this.#world.history.appends.slice(from).filter(({ place }) => place !== null).length
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
      })
      for (let each = 0; each < load.atOnce; each += 1) void this.#write(client, random.fork())
    }
  }

  /** Nothing bad happens any more. */
  calm(): void {
    this.#isCalm = true
  }

  /** Nothing more is asked; what was asked may still be answered. */
  finish(): void {
    this.#isOver = true
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
    const { history, counters } = this.#world
    const told = history.ask(page)
    const ending = await client.command(book.commands.append.encode({ page, entry: told.entry }))
    counters.add(`a command ends: ${ending.kind}`)
    if (ending.kind === 'answered') {
      told.answered = history.now()
      told.place = book.commands.append.decodeResult(ending.answer.result)
    } else if (ending.kind === 'notDone') told.isRefused = true
  }

  async #glance(client: Client<typeof book>, page: number, consistency: 'linearizable' | 'local'): Promise<void> {
    const { history, counters } = this.#world
    const asked = history.now()
    const told = await client.query(book.queries.glance.encode(page), consistency)
    counters.add(`a ${consistency} query ${told === null ? 'gets no answer' : 'is answered'}`)
    if (told === null) return
    const { length, chain } = book.queries.glance.decodeResult(told.answer.result)
    const { member, life } = told
    history.glances.push({ page, consistency, member, life, asked, answered: history.now(), length, chain })
  }
}
