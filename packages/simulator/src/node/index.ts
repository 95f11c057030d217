/**
 * The simulator as a command: single runs with a line per event, campaigns over many seeds in several processes.
 *
 * @packageDocumentation
 */
export { simulatorCommand, type Say } from './command.js'
export { settled } from './settled.js'
export { runSeed, type SeedOptions } from './worker.js'
