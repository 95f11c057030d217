/** MessagePack extensions that this codec writes: undefined, big integers, its own, and dates. */
const extensionTypes: readonly number[] = [0x00, 0x42, 0x51, 0xff]
const ownExtension = 0x51

/** How a value goes on behind its first byte. */
interface Token {
  /** Bytes that belong to it and hold no other value, its first one included. */
  readonly length: number
  /** Values that follow inside of it. */
  readonly items: number
}

/**
 * Refuses bytes that are not one value of MessagePack, that use an extension which the codec never writes (errors, typed
 * arrays, references to other values), or whose values are inside of each other more than `levelsMax` deep. It goes through
 * them without recursion and makes nothing, so that whatever reads them afterwards is bounded by their number.
 */
export function checkForm(bytes: Uint8Array, levelsMax: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  /** Values still to come at each level. */
  const open: number[] = []
  let left = 1
  let promised = 1
  let at = 0
  for (;;) {
    while (left === 0) {
      const around = open.pop()
      if (around === undefined) {
        if (at === bytes.length) return
        throw new TypeError(`${bytes.length - at} bytes stand behind the value`)
      }
      left = around
    }
    const { length, items } = tokenAt(view, at)
    at += length
    left -= 1
    promised += items - 1
    if (at + promised > bytes.length) throw new TypeError('the bytes end in the middle of a value')
    if (items === 0) continue
    if (open.length >= levelsMax) throw new TypeError(`values are inside of each other more than ${levelsMax} deep`)
    open.push(left)
    left = items
  }
}

function tokenAt(view: DataView, at: number): Token {
  const byte = view.getUint8(at)
  if (byte <= 0x7f || byte >= 0xe0) return { length: 1, items: 0 }
  if (byte <= 0x8f) return { length: 1, items: (byte & 0x0f) * 2 }
  if (byte <= 0x9f) return { length: 1, items: byte & 0x0f }
  if (byte <= 0xbf) return { length: 1 + (byte & 0x1f), items: 0 }
  if (byte >= 0xdc) {
    const isWide = byte === 0xdd || byte === 0xdf
    const count = isWide ? view.getUint32(at + 1) : view.getUint16(at + 1)
    return { length: isWide ? 5 : 3, items: byte >= 0xde ? count * 2 : count }
  }
  if (byte >= 0xd4 && byte <= 0xd8) return extensionOf(view, at + 1, 2, 1 << (byte - 0xd4))
  if (byte >= 0xd9) return sizedOf(view, at, byte - 0xd9)
  if (byte >= 0xcc) return { length: 1 + (1 << (byte & 3)), items: 0 }
  if (byte === 0xcb) return { length: 9, items: 0 }
  if (byte >= 0xc7 && byte <= 0xc9) {
    const size = 1 << (byte - 0xc7)
    return extensionOf(view, at + 1 + size, 2 + size, sizeAt(view, at + 1, byte - 0xc7))
  }
  if (byte >= 0xc4 && byte <= 0xc6) return sizedOf(view, at, byte - 0xc4)
  if (byte === 0xc0 || byte === 0xc2 || byte === 0xc3) return { length: 1, items: 0 }
  throw new TypeError(`the byte ${byte} begins no value of this codec`)
}

/** Text or bytes behind a length of 1, 2 or 4 bytes. */
function sizedOf(view: DataView, at: number, width: number): Token {
  return { length: 1 + (1 << width) + sizeAt(view, at + 1, width), items: 0 }
}

/** The codec's own extension is a mark before a value; the others hold bytes. */
function extensionOf(view: DataView, typeAt: number, headLength: number, size: number): Token {
  const type = view.getUint8(typeAt)
  if (!extensionTypes.includes(type)) throw new TypeError(`the extension ${type} is none of this codec`)
  return { length: headLength + size, items: type === ownExtension ? 1 : 0 }
}

function sizeAt(view: DataView, at: number, width: number): number {
  if (width === 0) return view.getUint8(at)
  return width === 1 ? view.getUint16(at) : view.getUint32(at)
}
