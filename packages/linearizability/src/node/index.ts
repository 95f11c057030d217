/**
 * Files of histories, under Node.js.
 *
 * @packageDocumentation
 */
export { readHistories } from './read-histories.js'
export { runCommand, type Console } from './command.js'
