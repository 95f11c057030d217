import { Command, InvalidArgumentError, Option } from 'commander'
import type { MachineName, TransportName } from './member-message.js'

/** What the demo was asked to do. */
export interface DemoOptions {
  /** End after the story. */
  readonly once: boolean
  readonly members: number
  readonly machine: MachineName
  readonly transport: TransportName
  /** Null: a temporary one, removed at the end. */
  readonly directory: string | null
  /** Null: any that are free. */
  readonly port: number | null
  /** Commands between two snapshots. */
  readonly snapshotEvery: number
  /** Which of the options with a default were given. */
  readonly given: { readonly members: boolean; readonly machine: boolean }
}

/** Fewer than three do not survive the loss of one. */
const membersMin = 3
const membersMax = 9
const portMax = 65_535 - 100 - membersMax

/** Reads the arguments. Ends the process with a message and code 1 when they make no sense, with 0 after `--help`. */
export function parseCommandLine(argv: readonly string[]): DemoOptions {
  const command = new Command('demo')
    .description(
      'A replicated service in several processes on this machine. It loads data through 16 clients, kills the leader ' +
        'with SIGKILL in the middle, and shows that nothing that was acknowledged is lost.',
    )
    .option('--once', 'end after the story: with code 0 if all of it held')
    .option(
      '--members <count>',
      `how many members, ${membersMin} to ${membersMax}`,
      wholeNumber(membersMin, membersMax),
      5,
    )
    .addOption(
      new Option('--machine <name>', 'what is replicated: "kv" stores files, "counter" counts to 1,000')
        .choices(['kv', 'counter'])
        .default('kv'),
    )
    .addOption(
      new Option('--transport <name>', 'how members talk to each other').choices(['tcp', 'http']).default('tcp'),
    )
    .option('--directory <path>', 'keep the data there, and go on with what is there (default: a temporary one)')
    .option(
      '--port <port>',
      'peers listen on the ports after this one, clients 100 above (default: any that are free)',
      wholeNumber(1, portMax),
    )
    .option(
      '--snapshot-every <commands>',
      'write a snapshot after so many commands: few, so that the killed member comes back through one',
      wholeNumber(1, 1_000_000),
      100,
    )
    .allowExcessArguments(false)
    .parse(argv, { from: 'user' })
  const options = command.opts<{
    once?: boolean
    members: number
    machine: MachineName
    transport: TransportName
    directory?: string
    port?: number
    snapshotEvery: number
  }>()
  const isGiven = (name: string): boolean => command.getOptionValueSource(name) === 'cli'
  return {
    once: options.once ?? false,
    members: options.members,
    machine: options.machine,
    transport: options.transport,
    directory: options.directory ?? null,
    port: options.port ?? null,
    snapshotEvery: options.snapshotEvery,
    given: { members: isGiven('members'), machine: isGiven('machine') },
  }
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
    }
    return value
  }
}
