/**
 * `pnpm explore [--members 3] [--timeouts 2] [--epochs 1] [--proposals 1] [--beats 1] [--crashes 1] [--duplicates any]
 * [--prevotes]`: visits every state of bare Raft cores within these bounds, and says how many there are. A number of
 * duplicates is how many messages arrive twice; without one, all arrive as often as they like.
 */
import { parseArgs } from 'node:util'
import { explore } from '../../src/explorer/explore.js'
import type { Bounds } from '../../src/explorer/model.js'
import { raftExplored } from './raft-explored.js'

const number = (fallback: string) => ({ type: 'string', default: fallback }) as const
const { values } = parseArgs({
  options: {
    members: number('3'),
    timeouts: number('2'),
    epochs: number('1'),
    proposals: number('1'),
    beats: number('1'),
    crashes: number('1'),
    duplicates: number('any'),
    states: number('200000000'),
    prevotes: { type: 'boolean', default: false },
  },
})
const bounds: Bounds = {
  members: wholeNumber('members'),
  timeouts: wholeNumber('timeouts'),
  epochMax: wholeNumber('epochs'),
  proposals: wholeNumber('proposals'),
  beats: wholeNumber('beats'),
  crashes: wholeNumber('crashes'),
  duplicates: values.duplicates === 'any' ? 'any' : wholeNumber('duplicates'),
}

const { user: startUs } = process.cpuUsage()
const result = explore(raftExplored({ preVote: values.prevotes }), bounds, {
  statesMax: wholeNumber('states'),
  onProgress: (states, waiting, depth) => {
    process.stderr.write(`${states} states, ${waiting} wait, depth ${depth}\n`)
  },
})
const seconds = (process.cpuUsage().user - startUs) / 1_000_000
const { states, named, moves, depth, moments, messages, isComplete, proof, violation } = result
const mebibytes = Math.round(process.memoryUsage().rss / 2 ** 20)
console.log(
  `${states} states (${named} with names) by ${moves} steps, depth ${depth}, of ${moments} moments of members and ${messages} messages; ` +
    `${seconds.toFixed(1)} s of processor time, ${mebibytes} MiB`,
)
if (violation) {
  console.log(`${violation.message}, after`)
  for (const step of violation.steps) console.log(`  ${step}`)
  process.exitCode = 1
} else {
  console.log(isComplete ? 'every state within the bounds was visited' : 'it was ended by the number of states')
  if (proof) {
    const { deliveries, answers, successions } = proof
    console.log(
      `what was left out is vain: ${deliveries} deliveries, ${answers} answers, ${successions} successions looked at`,
    )
  }
}

function wholeNumber(name: Exclude<keyof typeof values, 'prevotes'>): number {
  const text = values[name]
  if (!/^\d{1,9}$/.test(text)) throw new TypeError(`--${name} is a whole number, not "${text}"`)
  return Number(text)
}
