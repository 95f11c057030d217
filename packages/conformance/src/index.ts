/**
 * Contracts as test suites: what every storage, transport and machine promises, for what anybody writes; two small protocols;
 * a file layer that forgets; virtual time.
 *
 * @packageDocumentation
 */
export * from './contract.js'
export * from './machine-contract.js'
export * from './storage-contract.js'
export * from './transport-contract.js'
export * from './forgetful-files.js'
export * from './virtual-time.js'
export * from './solo.js'
export * from './fixed-leader.js'
