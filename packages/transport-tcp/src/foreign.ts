/** How requests of the HTTP transport begin, and the answers of whoever speaks HTTP. */
const beginningsOfHttp = ['POST /', 'HTTP/1.'] as const

/** Whether these first bytes are HTTP, may become it, or are something else. */
export function otherTransport(beginning: string): 'http' | 'perhaps' | 'unknown' {
  if (beginningsOfHttp.some((known) => beginning.startsWith(known))) return 'http'
  return beginningsOfHttp.some((known) => known.startsWith(beginning)) ? 'perhaps' : 'unknown'
}

/** A refusal that whoever speaks HTTP can read. */
export function encodeHttpRefusal(reason: string): Uint8Array {
  const head = [
    'HTTP/1.1 400 Bad Request',
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(reason)}`,
    'connection: close',
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${reason}`)
}
