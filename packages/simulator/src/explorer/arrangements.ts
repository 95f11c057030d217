/**
 * Every way in which members can take each other's places, by ordinal: `arrangement[member]` is who it becomes. The first
 * leaves everybody where they are.
 */
export function arrangementsOf(members: number): readonly (readonly number[])[] {
  if (members === 0) return [[]]
  const last = members - 1
  const shorter = arrangementsOf(last)
  const places = Array.from({ length: members }, (_, at) => last - at)
  return places.flatMap((at) => shorter.map((others) => [...others.slice(0, at), last, ...others.slice(at)]))
}
