/**
 * One member of a cluster that replicates registers, for harnesses that speak the Maelstrom protocol: newline-delimited
 * JSON on standard input and output. What it has to say to people goes to standard error.
 */
import { Command, InvalidArgumentError } from 'commander'
import { serve } from './member.js'
import { Post } from './post.js'

const command = new Command('quorate-maelstrom')
  .description('A member of the workload lin-kv: init, read, write, cas on standard input and output.')
  .option('--directory <path>', 'keep the journal there, in a directory named after the member (default: in memory)')
  .option('--election-timeout <ms>', 'the shortest election timeout; the longest is twice that', milliseconds, 300)
  .option('--timeout <ms>', 'how long a request may take', milliseconds, 5_000)
  .allowExcessArguments(false)
  .parse()
const { directory, electionTimeout, timeout } = command.opts<{
  directory?: string
  electionTimeout: number
  timeout: number
}>()

const post = new Post(process.stdout)
serve(
  post,
  {
    directory: directory ?? null,
    electionTimeoutMs: [electionTimeout, electionTimeout * 2],
    timeoutMs: timeout,
  },
  ({ message }) => {
    process.stderr.write(`this member has stopped: ${message}\n`)
    process.exit(1)
  },
)
await post.read(process.stdin, (text) => void process.stderr.write(`${text}\n`))
process.exit(0)

function milliseconds(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 150 || value > 600_000) {
    throw new InvalidArgumentError('It must be a whole number of milliseconds from 150 to 600000.')
  }
  return value
}
