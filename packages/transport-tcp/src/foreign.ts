/** How requests of the HTTP transport begin, and the answers of whoever speaks HTTP. */
const beginningsOfHttp = ['POST /', 'HTTP/1.'] as const

/** How TLS begins: a record that opens a handshake, or the alert of one that is over. */
const beginningsOfTls = ['\u0016\u0003', '\u0015\u0003'] as const

/** Whether these first bytes are HTTP or TLS, may become one, or are something else. */
export function otherTransport(beginning: string): 'http' | 'tls' | 'perhaps' | 'unknown' {
  if (beginningsOfTls.some((known) => beginning.startsWith(known))) return 'tls'
  if (beginningsOfTls.some((known) => known.startsWith(beginning))) return 'perhaps'
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
