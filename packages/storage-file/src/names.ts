/** The files of a place, by what they begin with; FORMAT.md lists them. */
type Family = 'journal' | 'snapshot' | 'reserve'

/** Ends the name of a file that is not finished. Whatever ends so is deleted at open. */
export const unfinished = '.tmp'

export const identityName = 'identity'

/** `journal-0000000000000001`: of one length, so that names sort as numbers do. */
export function nameOf(family: Family, ordinal: number): string {
  return `${family}-${String(ordinal).padStart(16, '0')}`
}

/** The numbers behind all names of a family, ascending. Foreign names are nobody's business. */
export function ordinalsOf(family: Family, names: readonly string[]): number[] {
  const pattern = new RegExp(`^${family}-(\\d{16})$`)
  const ordinals = names.flatMap((name) => {
    const digits = pattern.exec(name)?.[1]
    return digits === undefined ? [] : [Number(digits)]
  })
  return ordinals.sort((left, right) => left - right)
}

/** Names of files that a crash left unfinished. */
export function unfinishedOf(names: readonly string[]): string[] {
  return names.filter((name) => /^(journal|snapshot|reserve|identity)\b.*\.tmp$/.test(name))
}
