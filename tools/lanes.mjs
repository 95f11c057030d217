/**
 * Steps that are done in lanes: one after the other within a lane, the lanes of a stage side by side, and a stage when
 * the one before it is over. After a failure no step begins any more; what runs already is waited for.
 *
 * A step is anything with a `name`; `perform(step)` resolves to `{ isOk }` and whatever else is known then. `onEnd(step,
 * outcome)` is called in the order in which the steps are listed, as soon as it is known that no earlier one comes.
 * Resolves to true when every step was done and none failed.
 */
export async function inLanes(stages, perform, onEnd) {
  let isOver = false
  for (const lanes of stages) {
    const steps = lanes.flat()
    const outcomes = new Map()
    let told = 0
    const tell = () => {
      for (; told < steps.length && outcomes.has(steps[told]); told += 1) onEnd(steps[told], outcomes.get(steps[told]))
    }
    await Promise.all(
      lanes.map(async (lane) => {
        for (const step of lane) {
          if (isOver) return
          const outcome = await perform(step)
          outcomes.set(step, outcome)
          if (!outcome.isOk) isOver = true
          tell()
        }
      }),
    )
    // What never began is passed over.
    for (const step of steps.slice(told)) if (outcomes.has(step)) onEnd(step, outcomes.get(step))
    if (isOver) return false
  }
  return true
}
