/**
 * What each transport makes of frames, beside bare `node:net` in the same run: frames a second with 64 under way, and the
 * time for one to go there and come back.
 *
 *     node apps/bench/dist/transports.js [--runs 7] [--milliseconds 400]
 *
 * Both ends are in this process, so that one core does the work of two machines, for all alike.
 */
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { medianOf } from './median.js'
import { tableOf } from './table.js'
import { openWires, type Wire } from './wires.js'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '7' }, milliseconds: { type: 'string', default: '400' } },
})
const countSchema = z.coerce.number().int().min(1)
const runs = countSchema.parse(values.runs)
const milliseconds = countSchema.parse(values.milliseconds)
const window = 64
const sizes = [256, 64 * 1024]

/** Frames a second from the near end to the far one, with so many on their way at any time. */
function streamOf(wire: Wire, frame: Uint8Array): Promise<number> {
  const start = performance.now()
  let arrived = 0
  return new Promise((resolve) => {
    wire.onThere = () => {
      arrived += 1
      const took = performance.now() - start
      if (took < milliseconds) return wire.there(frame)
      wire.onThere = () => {
        arrived += 1
        if (arrived === sent) resolve(counted)
      }
      const sent = arrived + window - 1
      const counted = (arrived / took) * 1_000
    }
    for (let count = 0; count < window; count += 1) wire.there(frame)
  })
}

/** Microseconds until one frame has gone there and as large a one has come back. */
function roundTripOf(wire: Wire, frame: Uint8Array): Promise<number> {
  const start = performance.now()
  let trips = 0
  return new Promise((resolve) => {
    wire.onThere = () => wire.back(frame)
    wire.onBack = () => {
      trips += 1
      const took = performance.now() - start
      if (took < milliseconds) wire.there(frame)
      else resolve((took / trips) * 1_000)
    }
    wire.there(frame)
  })
}

const wires = await openWires()
const cases = sizes.flatMap((bytes) =>
  wires.map((wire) => ({ wire, frame: new Uint8Array(bytes), streams: [] as number[], trips: [] as number[] })),
)
// Round by round, so that a noisy minute falls on all of them alike. The first is for the compiler.
for (let round = 0; round <= runs; round += 1) {
  for (const { wire, frame, streams, trips } of cases) {
    const stream = await streamOf(wire, frame)
    const trip = await roundTripOf(wire, frame)
    if (round === 0) continue
    streams.push(stream)
    trips.push(trip)
  }
}
const rows = cases.map(({ wire, frame, streams, trips }) => {
  const bare = cases.find((each) => each.wire.name === 'node:net' && each.frame.length === frame.length)
  return [
    wire.name,
    String(frame.length),
    medianOf(streams).toFixed(0),
    medianOf(streams.map((stream, at) => stream / (bare?.streams[at] ?? NaN))).toFixed(2),
    medianOf(trips).toFixed(0),
  ]
})
console.log(`node apps/bench/dist/transports.js --runs ${runs} --milliseconds ${milliseconds}`)
console.log(`both ends in one process, ${window} frames under way, Node.js ${process.version}\n`)
console.log(tableOf(['transport', 'bytes', 'frames a second', 'of node:net', 'round trip in µs'], rows))
for (const wire of wires) await wire.close()
