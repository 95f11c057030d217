import { callGuarded } from './callbacks.js'

/** A logger with pino's method names, so that a pino logger can be passed as it is. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/**
 * The same logger, that stops nothing: what it throws, or rejects later, is dropped, for there is nobody left to tell.
 */
export function guardedLogger(logger: Logger): Logger {
  const drop = (): void => {}
  return {
    debug: (fields, message) => callGuarded(() => logger.debug(fields, message), drop),
    info: (fields, message) => callGuarded(() => logger.info(fields, message), drop),
    warn: (fields, message) => callGuarded(() => logger.warn(fields, message), drop),
    error: (fields, message) => callGuarded(() => logger.error(fields, message), drop),
  }
}

/** Says nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }
