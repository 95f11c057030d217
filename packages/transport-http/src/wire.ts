import { channels, commonVersion, type Channel, type WireVersions } from '@quorate/contracts'

/** The versions of this wire format that are spoken. A link speaks the newest that both sides know. */
export const wireVersions: WireVersions = { oldest: 1, newest: 1 }

/** The largest hello, in bytes. */
export const helloBytesMax = 64 * 1024

/** Names of headers. They are part of the format, and the same in every version. */
export const headerNames = {
  /** Of a request for a challenge or a link: `oldest-newest`, what the dialler speaks. */
  versions: 'quorate-versions',
  /** Of its answer: the version that the link speaks. */
  version: 'quorate-version',
  /** Of a request for a link: the challenge that its hello answers, as it was given out. */
  answers: 'quorate-answers',
  /** Of a request for a link: what the hello in its answer has to answer, 32 hexadecimal digits as well. */
  challenge: 'quorate-challenge',
  /** The link that frames belong to: 32 hexadecimal digits that the side which was dialled has drawn. */
  link: 'quorate-link',
  /** Which body of its channel this is, from 1. */
  number: 'quorate-number',
} as const

/** What a request is for. */
export type Place = 'challenge' | 'link' | Channel

const places: ReadonlyMap<string, Place> = new Map<string, Place>([
  ['/challenge', 'challenge'],
  ['/link', 'link'],
  ...channels.map((channel) => [`/frames/${channel}`, channel] as const),
])

/** What a URL below `path` is for; null if it is nothing of ours. */
export function placeOf(url: string, path: string): Place | null {
  const [location = ''] = url.split('?', 1)
  if (!location.startsWith(path)) return null
  return places.get(location.slice(path.length)) ?? null
}

/** The path of a place, below the base of a peer's URL. */
export function pathOf(place: Place): string {
  return place === 'link' || place === 'challenge' ? `/${place}` : `/frames/${place}`
}

/** The newest version that both sides speak, or why there is none. */
export function chooseVersion(offered: string | undefined): { readonly version: number } | { readonly refuse: string } {
  const [, oldest, newest] = /^(\d{1,4})-(\d{1,4})$/.exec(offered ?? '') ?? []
  if (oldest === undefined || newest === undefined) {
    return { refuse: `the other side is no member of a cluster: it sent no header ${headerNames.versions}` }
  }
  return commonVersion(wireVersions, { oldest: Number(oldest), newest: Number(newest) })
}
