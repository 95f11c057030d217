/** `storm-main.ts SEED CONNECTIONS FRAMES_EACH`: mangled frames at a listening member, as many as are asked for. */
import { storm } from './storm.js'

const [seed = 1, connections = 20_000, framesEach = 500] = process.argv.slice(2).map(Number)
const begun = performance.now()
const report = await storm({ seed, connections, framesEach })
const seconds = ((performance.now() - begun) / 1_000).toFixed(1)
const { honestSent, honestTaken, honestLinkChanges, heapBytesMax } = report
console.log(`seed ${seed}: ${report.framesSent} frames over ${connections} connections in ${seconds} s`)
console.log(
  `${report.framesTaken} were sound, ${report.refused} connections were refused, ${report.brokenOff} broken off`,
)
console.log(
  `an honest peer sent ${honestSent} frames, ${honestTaken} arrived, its link changed ${honestLinkChanges.length} times`,
)
console.log(
  `at most ${(heapBytesMax / 2 ** 20).toFixed(0)} MiB of heap, ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB resident at the end`,
)
if (honestTaken !== honestSent || honestLinkChanges.length > 0)
  throw new Error(`the honest peer suffered: ${honestLinkChanges.join('; ')}`)
