/** So many waits in a row keep the real event loop from its turn. */
const waitsBetweenTurns = 1_000

let waits = 0

/**
 * Resolves when the promises that are ready have run, and those that they made ready. Node.js runs what waits for its next
 * tick once no promise is ready any more, which costs a fraction of a turn of the event loop. Now and then it is such a
 * turn all the same: only there does Node.js tell of a rejection that nobody handles, and hear a signal or a parent process.
 */
export async function settled(): Promise<void> {
  waits += 1
  // Outside of promises a tick comes before those that are ready: so this waits in line with them first.
  await Promise.resolve()
  await new Promise<void>((resolve) => {
    if (waits % waitsBetweenTurns === 0) setImmediate(resolve)
    else process.nextTick(resolve)
  })
}
