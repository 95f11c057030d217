/** A text that stands for itself in HTML, between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"'\n]/g, (letter) => `&#${letter.charCodeAt(0)};`)
}
