import { describeError } from '@quorate/contracts'
import { LocalCluster } from './cluster.js'
import { parseCommandLine, type DemoOptions } from './command-line.js'
import { DemoError } from './demo-error.js'
import { claimPlace } from './place.js'
import { Screen } from './screen.js'
import { tellStory } from './story.js'
import type { Workload } from './workload.js'

/** A story that is not over by then will not end well. */
const storyTimeoutMs = 300_000
const interruptedCode = 130
const restartAfterMs = 2_000

const screen = new Screen(process.stdout)
// A story that was interrupted still waits for something: it is not waited for.
process.exit(await main(parseCommandLine(process.argv.slice(2))))

async function main(options: DemoOptions): Promise<number> {
  try {
    const { dispose, ...place } = await claimPlace(options)
    const { snapshotEvery, transport } = options
    const cluster = new LocalCluster(place, { snapshotEvery, transport })
    try {
      return await runCluster(cluster, options)
    } finally {
      await cluster.killAll()
      dispose()
    }
  } catch (error) {
    screen.bad(error instanceof DemoError ? error.message : describeError(error))
    return 1
  }
}

async function runCluster(cluster: LocalCluster, options: DemoOptions): Promise<number> {
  const interrupted = interruption(cluster)
  cluster.on('leader', ({ id, epoch }) => screen.event(`${id} leads (term ${epoch})`))
  cluster.on('installed', ({ id, position }) => screen.event(`${id} took over a snapshot of position ${position}`))
  cluster.on('warning', ({ id, message }) => screen.event(`${id} warns: ${message}`))
  const lost = new Promise<never>((_, reject) => {
    cluster.once('lost', ({ id, reason }) => reject(new Error(`${id} ended by itself: ${reason}`)))
  })
  const story = await Promise.race([tellStory(cluster, screen), interrupted, lost, timeout()])
  if (story === 'interrupted') return stop(cluster, interruptedCode)
  screen.heading('All of it held.')
  if (!options.once) await stayUp(cluster, story, interrupted)
  await story.close()
  return stop(cluster, 0)
}

/** Shows what to try, and starts again whom somebody kills, until Ctrl-C. */
async function stayUp(cluster: LocalCluster, story: Workload, interrupted: Promise<unknown>): Promise<void> {
  screen.event('The cluster stays up. Try:')
  for (const example of story.examples) screen.line(`    ${example}`)
  screen.event('or kill a member (its pid is above), and see it come back. Ctrl-C stops everything.')
  cluster.on('lost', ({ id, ending }) => {
    screen.event(`${id} is gone (${ending.signal ?? `code ${String(ending.code)}`}) and is started again`)
    setTimeout(() => {
      cluster.start(id).then(
        () => screen.event(`${id} is back, pid ${String(cluster.pidOf(id))}`),
        (error: unknown) => screen.bad(describeError(error)),
      )
    }, restartAfterMs)
  })
  await interrupted
}

async function stop(cluster: LocalCluster, code: number): Promise<number> {
  screen.event('Stopping all members')
  await cluster.close()
  return code
}

/** Ctrl-C or SIGTERM. A second one kills what does not stop. */
function interruption(cluster: LocalCluster): Promise<'interrupted'> {
  return new Promise((resolve) => {
    let count = 0
    const onSignal = (): void => {
      count += 1
      resolve('interrupted')
      if (count > 1) void cluster.killAll().then(() => process.exit(interruptedCode))
    }
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
  })
}

function timeout(): Promise<never> {
  return new Promise((_, reject) => {
    const error = new Error(`the story was not over after ${storyTimeoutMs / 1_000} s`)
    setTimeout(() => reject(error), storyTimeoutMs).unref()
  })
}
