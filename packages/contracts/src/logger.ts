import { callGuarded } from './callbacks.js'
import { oneLine } from './one-line.js'

/** A logger with pino's method names, so that a pino logger can be passed as it is. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/**
 * The same logger, that stops nothing: what it throws, or rejects later, is dropped, for there is nobody left to tell.
 * Whatever it is given is on one line and of bounded length: others may have written a part of it.
 */
export function guardedLogger(logger: Logger): Logger {
  const drop = (): void => {}
  return {
    debug: (fields, message) => callGuarded(() => logger.debug(plain(fields), oneLine(message)), drop),
    info: (fields, message) => callGuarded(() => logger.info(plain(fields), oneLine(message)), drop),
    warn: (fields, message) => callGuarded(() => logger.warn(plain(fields), oneLine(message)), drop),
    error: (fields, message) => callGuarded(() => logger.error(plain(fields), oneLine(message)), drop),
  }
}

function plain(fields: object): object {
  const entries = Object.entries(fields).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'string' ? oneLine(value) : value,
  ])
  return Object.fromEntries(entries) as object
}

/** Says nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }
