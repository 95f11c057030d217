import { endOfString } from './exact-json.js'

/** How much a text of JSON may hold. */
export interface JsonBounds {
  /** How deep objects and lists may be inside of each other. */
  readonly levelsMax: number
  /** How many values there may be: each item, each value of a key, each object and each list counts as one. */
  readonly valuesMax: number
}

/**
 * Which bound a text of JSON goes beyond, or null. It makes nothing of the text, and stops where the bound is passed: so it
 * costs less than reading, and what is refused for it costs next to nothing. It does not say whether the text is JSON.
 */
export function exceededJsonBound(text: string, { levelsMax, valuesMax }: JsonBounds): keyof JsonBounds | null {
  let levels = 0
  let values = 1
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at]
    if (letter === '"') at = endOfString(text, at)
    else if (letter === '{' || letter === '[') {
      levels += 1
      values += 1
      if (levels > levelsMax) return 'levelsMax'
    } else if (letter === '}' || letter === ']') levels -= 1
    else if (letter === ',') values += 1
    if (values > valuesMax) return 'valuesMax'
  }
  return null
}
