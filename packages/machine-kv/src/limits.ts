import { z } from 'zod'

/** Longest key, in bytes of UTF-8. */
export const keyBytesMax = 1024

/** Largest value: a command of 4 MiB less what stands around the value. */
export const valueBytesMax = 4 * 1024 * 1024 - 16 * 1024

/** Most entries in one answer. */
export const rangeEntriesMax = 10_000

const halfPair = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/

const wholeText = z
  .string()
  .refine((text) => !halfPair.test(text), { error: 'holds half of a surrogate pair, which UTF-8 cannot say' })

const bytesSchema = z.custom<Uint8Array>((value) => value instanceof Uint8Array)

/** Text to find keys by: what may be the beginning of one. */
export const prefixSchema = wholeText.refine((text) => utf8Length(text) <= keyBytesMax, {
  error: `is longer than ${keyBytesMax} bytes of UTF-8`,
})

/** A key: 1 to 1,024 bytes of UTF-8. */
export const keySchema = prefixSchema.refine((text) => text.length > 0, { error: 'is empty' })

/** Text or bytes. */
export type KvValue = string | Uint8Array

/** A value: text or bytes, up to 4 MiB less 16 KiB. What was given as text comes back as text. */
export const valueSchema: z.ZodType<KvValue, KvValue> = z
  .union([wholeText, bytesSchema], { error: 'is neither text nor a Uint8Array' })
  .refine((value) => bytesOfValue(value) <= valueBytesMax, { error: `is larger than ${valueBytesMax} bytes` })

/** Size of a value in bytes. */
export function bytesOfValue(value: KvValue): number {
  return typeof value === 'string' ? utf8Length(value) : value.length
}

/** Bytes of well-formed text in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    // A surrogate pair is two units and four bytes, so that each half brings one byte more.
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1
  }
  return bytes
}
