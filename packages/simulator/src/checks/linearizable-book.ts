import { chained } from '../book/chain.js'
import type { Append, Glance, History } from '../book/history.js'

/** A finished page, with the hash of each of its beginnings. */
interface Page {
  readonly placeOf: ReadonlyMap<number, number>
  readonly chains: readonly number[]
}

/**
 * What is wrong with what callers were told, given the finished pages; null if all of it is true.
 *
 * A list that only grows, of entries that nobody gives twice, is its own order: an entry's place is the moment at which it
 * happened. So a history is linearizable exactly if every answer tells the true place (or the true beginning), and nothing
 * that was answered before something else was asked stands behind it.
 */
export function complaintAboutBook(pages: readonly (readonly number[])[], history: History): string | null {
  const { owed } = history
  for (const [at, entries] of pages.entries()) {
    const page = pageOf(entries)
    if (page === null) return `page ${at} has an entry twice: a command was applied twice`
    const stranger = strangerIn(entries, history.appends)
    if (stranger !== null) return `page ${at}: entry ${stranger} is there, and nobody has given it`
    const appends = owed.appends.filter((append) => append.page === at)
    const glances = owed.glances.filter((glance) => glance.page === at)
    const complaint =
      complaintAboutAppends(page, appends) ??
      complaintAboutGlances(page, glances) ??
      complaintAboutOrder(page, appends, glances)
    if (complaint !== null) return `page ${at}: ${complaint}`
  }
  return null
}

function pageOf(entries: readonly number[]): Page | null {
  const placeOf = new Map<number, number>()
  const chains = [0]
  for (const [before, entry] of entries.entries()) {
    if (placeOf.has(entry)) return null
    placeOf.set(entry, before + 1)
    chains.push(chained(chains[before] ?? 0, entry))
  }
  return { placeOf, chains }
}

function strangerIn(entries: readonly number[], appends: readonly Append[]): number | null {
  const given = new Set(appends.map(({ entry }) => entry))
  return entries.find((entry) => !given.has(entry)) ?? null
}

function complaintAboutAppends(page: Page, appends: readonly Append[]): string | null {
  for (const { entry, place, isRefused } of appends) {
    const truth = page.placeOf.get(entry) ?? null
    if (isRefused && truth !== null) return `entry ${entry} was refused and is there`
    if (place === null) continue
    if (truth === null) return `entry ${entry} was acknowledged and is gone`
    if (truth !== place) return `entry ${entry} stands at place ${truth}, and its caller was told ${place}`
  }
  return null
}

function complaintAboutGlances({ chains }: Page, glances: readonly Glance[]): string | null {
  for (const { member, length, chain, consistency } of glances) {
    if (chains[length] === chain) continue
    return `a ${consistency} query at ${member} saw ${length} entries that were never there together`
  }
  return null
}

/** Nothing stands before what had been answered when it was asked. */
function complaintAboutOrder({ placeOf }: Page, appends: readonly Append[], glances: readonly Glance[]): string | null {
  const moments = [
    ...appends.flatMap(({ entry, asked, answered, place }) => {
      const truth = place ?? placeOf.get(entry) ?? null
      return truth === null ? [] : [{ what: `entry ${entry}`, asked, answered, place: truth, sees: truth - 1 }]
    }),
    ...glances
      .filter(({ consistency }) => consistency === 'linearizable')
      .map(({ asked, answered, length, member }) => ({
        what: `a query at ${member}`,
        asked,
        answered,
        place: length,
        sees: length,
      })),
  ]
  const byQuestion = moments.toSorted((left, right) => left.asked - right.asked)
  const byAnswer = moments.filter(({ answered }) => answered !== null)
  byAnswer.sort((left, right) => (left.answered ?? 0) - (right.answered ?? 0))
  let answers = 0
  let newest: (typeof moments)[number] | null = null
  for (const moment of byQuestion) {
    for (; (byAnswer[answers]?.answered ?? Infinity) < moment.asked; answers += 1) {
      const earlier = byAnswer[answers]
      if (earlier && (newest === null || earlier.place > newest.place)) newest = earlier
    }
    if (newest !== null && moment.sees < newest.place) {
      return `${moment.what} is at place ${moment.place}, and ${newest.what}, which was answered before that was asked, at ${newest.place}`
    }
  }
  return null
}
