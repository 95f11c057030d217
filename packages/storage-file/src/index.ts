/**
 * A write-ahead log on any file layer: durable before acknowledged, damage refused. FORMAT.md is its format, byte by byte.
 *
 * @packageDocumentation
 */
export { fileStorage } from './file-storage.js'
export { readRemains } from './remains.js'
export { fileStorageOptionsSchema, type FileStorageOptions } from './options.js'
