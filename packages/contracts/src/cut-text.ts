/** The text, or its beginning and how much is missing: for messages that repeat what somebody else wrote. */
export function cutText(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text
  return `${text.slice(0, charactersMax)}… (${text.length - charactersMax} more characters)`
}
