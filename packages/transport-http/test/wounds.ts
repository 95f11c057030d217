import type { Random } from '@quorate/contracts'

/** A request as it would be written by a member, in parts that can be damaged. */
export interface Written {
  readonly path: string
  readonly headers: Readonly<Record<string, string | number>>
  readonly body: Buffer
}

const oddPaths = [
  '/',
  '*',
  '/quorate',
  '/quorate/frames/__proto__',
  '/quorate/../quorate/link',
  '/quorate/frames/log%00',
  'http://elsewhere/quorate/link',
  `/quorate/${'x'.repeat(20_000)}`,
]
const oddHeaders = [
  'content-length: 99999999999',
  'content-length: -1',
  'content-length: 3',
  'transfer-encoding: chunked',
  'transfer-encoding: gzip, chunked',
  'expect: 100-continue',
  'expect: a miracle',
  'connection: upgrade\r\nupgrade: websocket',
  'quorate-number: 9007199254740993',
  'quorate-number: 1e999',
  `quorate-link: ${'f'.repeat(32)}`,
  'quorate-versions: 7-9',
  'authorization: Bearer another-token-of-nobody',
  `x: ${'y'.repeat(20_000)}`,
  'no colon in here',
]
const oddMethods = ['GET', 'PUT', 'CONNECT', 'PRI', 'QRTM', '\u0000\u0001\u0002']

/** The bytes of a request, unharmed. */
export function sound({ path, headers, body }: Written): Buffer {
  return written('POST', path, headers, [`content-length: ${body.length}`], body)
}

/** The bytes of a request with something wrong: an odd method, path or header, a mangled chunk, or wounds anywhere. */
export function wounded(request: Written, random: Random): Buffer {
  const { path, headers, body } = request
  const length = `content-length: ${body.length}`
  switch (random.nextInt(6)) {
    case 0:
      return written(pick(oddMethods, random), path, headers, [length], body)
    case 1:
      return written('POST', pick(oddPaths, random), headers, [length], body)
    case 2:
      return written('POST', path, headers, [length, pick(oddHeaders, random)], body)
    case 3:
      return scarred(written('POST', path, headers, ['transfer-encoding: chunked'], chunked(body, random)), random)
    default:
      return scarred(sound(request), random)
  }
}

function written(
  method: string,
  path: string,
  headers: Written['headers'],
  more: readonly string[],
  body: Buffer,
): Buffer {
  const lines = [...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), ...more]
  return Buffer.concat([
    Buffer.from(`${method} ${path} HTTP/1.1\r\nhost: target\r\n${lines.join('\r\n')}\r\n\r\n`),
    body,
  ])
}

/** A body in chunks of up to 2,000 bytes; one size in four is a lie. */
function chunked(body: Buffer, random: Random): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; at < body.length;) {
    const piece = body.subarray(at, (at += 1 + random.nextInt(2_000)))
    const size = random.nextInt(4) === 0 ? random.nextInt(2 ** 31) : piece.length
    pieces.push(Buffer.from(`${size.toString(16)}\r\n`), piece, Buffer.from('\r\n'))
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')])
}

/** Up to three bytes or runs of bytes overwritten, left out or stuffed in; half of them in the head. */
function scarred(whole: Buffer, random: Random): Buffer {
  let bytes = whole
  const head = bytes.indexOf('\r\n\r\n') + 4
  for (let wounds = 1 + random.nextInt(3); wounds > 0; wounds -= 1) {
    const at = random.nextInt(random.nextInt(2) === 0 ? Math.min(head, bytes.length) : bytes.length)
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
    switch (random.nextInt(3)) {
      case 0:
        bytes = Buffer.concat([before, after.subarray(1 + random.nextInt(9))])
        break
      case 1:
        bytes = Buffer.concat([before, Buffer.of(random.nextInt(256)), after.subarray(1)])
        break
      default:
        bytes = Buffer.concat([before, Buffer.alloc(1 + random.nextInt(9), random.nextInt(256)), after])
    }
  }
  return bytes
}

function pick<Of>(all: readonly Of[], random: Random): Of {
  const picked = all[random.nextInt(all.length)]
  if (picked === undefined) throw new Error('there is nothing to pick from')
  return picked
}
