/**
 * The write-ahead log for Node.js: real files, real time.
 *
 * @packageDocumentation
 */
export { fileStorage, type NodeFileStorageOptions } from './file-storage.js'
export { nodeFiles } from './node-files.js'
