import { parseArgs } from 'node:util'

/** What was asked for on the command line. */
export interface MutantsOptions {
  /** Only bugs whose claim contains this, or profiles whose name does. */
  readonly pattern: string
  readonly seedsMax: number
  readonly secondsMax: number
  readonly ranges: number
  readonly file: string | null
  readonly isHealthy: boolean
}

/** How to call it. */
export const usage = `mutants [PATTERN] [SEEDS]  looks for each known bug, within 2,000 seeds of its profile
    --ranges N             in so many disjoint ranges of seeds; default 3
    --seconds N            gives a search up after so many seconds of the processor; default 300
    --file FILE            keeps what came of each search there, and does not make one again that is there
    --healthy              the same searches in the product as it is, where there should be nothing to find;
                           PATTERN is then of the profile`

/** Reads a command line. Throws a `TypeError` that says what is wrong. */
export function readOptions(args: readonly string[]): MutantsOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ranges: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '300' },
      file: { type: 'string' },
      healthy: { type: 'boolean', default: false },
    },
  })
  const [pattern = '', seeds = '2000', ...others] = positionals
  if (others.length > 0) throw new TypeError(`there is no argument ${others.join(' ')}`)
  return {
    pattern,
    seedsMax: numberOf('SEEDS', seeds),
    secondsMax: numberOf('--seconds', values.seconds),
    ranges: numberOf('--ranges', values.ranges),
    file: values.file ?? null,
    isHealthy: values.healthy,
  }
}

function numberOf(name: string, given: string): number {
  if (!/^[1-9]\d{0,8}$/.test(given)) throw new TypeError(`${name} takes a whole number above zero, not "${given}"`)
  return Number(given)
}
