/** The versions of a wire format that one side of a connection speaks: all from the oldest to the newest. */
export interface WireVersions {
  readonly oldest: number
  readonly newest: number
}

/**
 * The newest version that both sides speak, or why there is none (decision D40). Each connection is asked about by itself,
 * so that members can be upgraded one after the other.
 */
export function commonVersion(
  ours: WireVersions,
  theirs: WireVersions,
): { readonly version: number } | { readonly refuse: string } {
  const both = `the other side speaks wire format ${spanOf(theirs)}, and this member speaks ${spanOf(ours)}`
  if (theirs.oldest > theirs.newest) return { refuse: `${both}: that is no range of versions` }
  if (theirs.oldest > ours.newest) return { refuse: `FORMAT_TOO_NEW: ${both}: upgrade this member` }
  if (theirs.newest < ours.oldest) return { refuse: `${both}: upgrade the other one` }
  return { version: Math.min(theirs.newest, ours.newest) }
}

function spanOf({ oldest, newest }: WireVersions): string {
  return oldest === newest ? `${oldest}` : `${oldest} to ${newest}`
}
