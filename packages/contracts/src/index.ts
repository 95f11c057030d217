/**
 * The ports of Quorate: what passes through each door between protocol, driver, storage, transport and state machine.
 *
 * @packageDocumentation
 */
export * from './units.js'
export * from './bytes.js'
export * from './environment.js'
export * from './abort-listeners.js'
export * from './callbacks.js'
export * from './file-layer.js'
export * from './random.js'
export * from './json.js'
export * from './exact-json.js'
export * from './members.js'
export * from './protocol.js'
export * from './storage.js'
export * from './cluster-recovery.js'
export * from './transport.js'
export * from './peer-links.js'
export * from './wire-versions.js'
export * from './state-machine.js'
export * from './machine-module.js'
export * from './envelope.js'
export * from './errors.js'
export * from './options.js'
export * from './rate-limit.js'
export * from './logger.js'
export * from './metrics.js'
