/** Carries out every item once, by as many workers at once as there are; each takes the next item when it is free. */
export async function shareOut<Item, Worker>(
  items: readonly Item[],
  workers: readonly Worker[],
  carryOut: (item: Item, worker: Worker) => Promise<void>,
): Promise<void> {
  const rest = [...items].reverse()
  await Promise.all(
    workers.map(async (worker) => {
      for (let item = rest.pop(); item !== undefined; item = rest.pop()) await carryOut(item, worker)
    }),
  )
}
