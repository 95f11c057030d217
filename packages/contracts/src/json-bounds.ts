/** How much a text of JSON may hold. */
export interface JsonBounds {
  /** How deep objects and lists may be inside of each other. */
  readonly levelsMax: number
  /** How many values there may be: each item, each value of a key, each object and each list counts as one. */
  readonly valuesMax: number
}

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c]
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Says which bound a text of JSON in UTF-8 goes beyond, as soon as the bytes that have come say so. It makes nothing of the
 * text: so it costs less than reading, and of what is refused for it the rest need not be taken. It does not say whether
 * the text is JSON.
 */
export class JsonBoundsScan {
  readonly #bounds: JsonBounds
  #levels = 0
  #values = 1
  #isInString = false
  #isEscaped = false

  constructor(bounds: JsonBounds) {
    this.#bounds = bounds
  }

  /** Takes the next bytes, wherever they were cut. Returns the bound that is passed, or null. */
  take(bytes: Uint8Array): keyof JsonBounds | null {
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at]
      if (this.#isInString) {
        at = this.#skipString(bytes, at)
        continue
      }
      if (byte === quote) this.#isInString = true
      else if (byte === openBrace || byte === openBracket) {
        this.#levels += 1
        this.#values += 1
        if (this.#levels > this.#bounds.levelsMax) return 'levelsMax'
      } else if (byte === closeBrace || byte === closeBracket) this.#levels -= 1
      else if (byte === comma) this.#values += 1
      if (this.#values > this.#bounds.valuesMax) return 'valuesMax'
    }
    return null
  }

  /** Where the string ends that `start` is within, or the last of these bytes. */
  #skipString(bytes: Uint8Array, start: number): number {
    for (let at = start; at < bytes.length; at += 1) {
      if (this.#isEscaped) this.#isEscaped = false
      else if (bytes[at] === backslash) this.#isEscaped = true
      else if (bytes[at] === quote) {
        this.#isInString = false
        return at
      }
    }
    return bytes.length
  }
}
