import { cutText } from './cut-text.js'

/**
 * A text of somebody else on one line and of bounded length, for logs, status and messages. What moves the cursor, hides
 * or turns text round is spelled out: it could make a second line, or another one than was written.
 */
export function oneLine(text: string, charactersMax = 1_000): string {
  return cutText(text, charactersMax).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}
