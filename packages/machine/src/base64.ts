const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const codeOfSix = Array.from(alphabet, (letter) => letter.charCodeAt(0))
const padding = '='.charCodeAt(0)
/** Bytes that become text at once: as many letters as a call takes for arguments. */
const blockBytes = 6 * 1024

/** Six bits by the code of their letter. */
const sixOfCode = new Uint8Array(128)
codeOfSix.forEach((code, six) => (sixOfCode[code] = six))

const pattern = /^[A-Za-z0-9+/]*={0,2}$/

/** Bytes as base64 text, padded. */
export function toBase64(bytes: Uint8Array): string {
  const blocks: string[] = []
  for (let at = 0; at < bytes.length; at += blockBytes) {
    blocks.push(String.fromCharCode(...codesOf(bytes.subarray(at, at + blockBytes))))
  }
  return blocks.join('')
}

function codesOf(bytes: Uint8Array): number[] {
  const codes = new Array<number>(Math.ceil(bytes.length / 3) * 4)
  for (let at = 0, to = 0; at < bytes.length; at += 3, to += 4) {
    const bits = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    codes[to] = codeAt(bits >> 18)
    codes[to + 1] = codeAt(bits >> 12)
    codes[to + 2] = at + 1 < bytes.length ? codeAt(bits >> 6) : padding
    codes[to + 3] = at + 2 < bytes.length ? codeAt(bits) : padding
  }
  return codes
}

/** Inverse of {@link toBase64}; null for text that it never writes. */
export function fromBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0 || !pattern.test(text)) return null
  const missing = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const bytes = new Uint8Array((text.length / 4) * 3 - missing)
  let rest = 0
  for (let at = 0, to = 0; at < text.length; at += 4, to += 3) {
    const bits =
      (sixAt(text, at) << 18) | (sixAt(text, at + 1) << 12) | (sixAt(text, at + 2) << 6) | sixAt(text, at + 3)
    bytes[to] = bits >> 16
    bytes[to + 1] = bits >> 8
    bytes[to + 2] = bits
    rest = bits
  }
  const isExact = missing === 0 || (rest & ((1 << (8 * missing)) - 1)) === 0
  return isExact ? bytes : null
}

function codeAt(bits: number): number {
  return codeOfSix[bits & 63] ?? padding
}

/** The letter's six bits; padding has none. */
function sixAt(text: string, at: number): number {
  return sixOfCode[text.charCodeAt(at)] ?? 0
}
