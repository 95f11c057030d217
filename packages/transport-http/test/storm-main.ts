/** `storm-main.ts SEED STRANGERS FRAMES_EACH`: mangled requests at a listening member, as many as are asked for. */
import { storm } from './storm.js'

const [seed = 1, strangers = 10_000, framesEach = 500] = process.argv.slice(2).map(Number)
const begun = performance.now()
const report = await storm({ seed, strangers, framesEach })
const seconds = ((performance.now() - begun) / 1_000).toFixed(1)
const { answers, framesSent, framesTaken, honestSent, honestTaken, honestLinkChanges, heapBytesMax } = report
const requests = Object.values(answers).reduce((sum, each) => sum + each, 0)
console.log(`seed ${seed}: ${requests} requests of ${strangers} strangers in ${seconds} s, answered with`, answers)
console.log(`of ${framesSent} frames in bodies, every other one wounded, ${framesTaken} were taken`)
console.log(
  `an honest peer sent ${honestSent} frames, ${honestTaken} arrived, its link changed ${honestLinkChanges.length} times`,
)
console.log(
  `at most ${(heapBytesMax / 2 ** 20).toFixed(0)} MiB of heap, ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB resident at the end`,
)
if (honestTaken !== honestSent || honestLinkChanges.length > 0)
  throw new Error(`the honest peer suffered: ${honestLinkChanges.join('; ')}`)
