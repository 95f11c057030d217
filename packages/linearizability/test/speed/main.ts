/** `node tools/source-program.mjs packages/linearizability/test/speed/main.ts`: what verdicts cost, on this machine. */
import {
  findCounterexample,
  judgeHistory,
  keyValueModel,
  registerModel,
  type History,
  type Model,
} from '../../src/index.js'
import type { KeyValueInput, KeyValueOutput, RegisterInput, RegisterOutput } from '../../src/index.js'
import { dice, randomRun } from './random-run.js'

type StoreHistory = History<KeyValueInput<string>, KeyValueOutput<string>>

/** Changes the result of the last get to a value that nobody ever wrote. */
function withStaleGet(history: StoreHistory): StoreHistory {
  const at = history.findLastIndex(({ input, outcome }) => input.kind === 'get' && outcome.kind === 'done')
  return history.map((operation, place) => {
    if (place !== at || operation.outcome.kind === 'unknown') return operation
    return { ...operation, outcome: { kind: 'done', output: 'never written' } }
  })
}

type Cells = History<RegisterInput<number>, RegisterOutput<number>>

/** Writes that nobody heard of again, all at once, and reads of some of their values after them. */
function unknownWrites(writes: number, values: number, reads: number, lastRead: number): Cells {
  const die = dice(7)
  const lost: Cells = Array.from({ length: writes }, (_, at) => {
    const input = { kind: 'write' as const, value: 1 + (at % values) }
    return { process: at, input, outcome: { kind: 'unknown' }, invokedAt: at, returnedAt: null }
  })
  const seen: Cells = Array.from({ length: reads }, (_, at) => {
    const invokedAt = writes + (at >> 2) * 10
    const output = at === reads - 1 ? lastRead : 1 + die(values)
    return {
      process: writes + (at & 3),
      input: { kind: 'read' },
      outcome: { kind: 'done', output },
      invokedAt,
      returnedAt: invokedAt + 9,
    }
  })
  return [...lost, ...seen]
}

/** Milliseconds of processor time: what other programs do meanwhile does not count. */
function spent(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function report<State, Input, Output>(
  name: string,
  history: History<Input, Output>,
  model: Model<State, Input, Output>,
): void {
  const begun = spent()
  const { verdict, steps, configurations } = judgeHistory(history, model)
  const judged = spent()
  const counterexample = verdict === 'notLinearizable' ? findCounterexample(history, model) : null
  const shown = Math.round(spent() - judged)
  const found = counterexample === null ? '' : `, shown by ${counterexample.operations.length} of them in ${shown} ms`
  const counts = `${steps} steps, ${configurations} configurations`
  console.log(`${name}: ${verdict} in ${Math.round(judged - begun)} ms, ${counts}${found}`)
}

const usual = { seed: 1, operations: 10_000, clients: 10, keys: 10, values: 5, unknownPercent: 0 }
const store = keyValueModel()
report('10,000 operations, 10 clients, 10 keys', randomRun(usual), store)
report('the same with one wrong get', withStaleGet(randomRun(usual)), store)
report('the same, 5 % of unknown outcome', randomRun({ ...usual, unknownPercent: 5 }), store)
report('the same with one wrong get', withStaleGet(randomRun({ ...usual, unknownPercent: 5 })), store)
report('10,000 operations, 10 clients, one key', randomRun({ ...usual, keys: 1 }), store)
report('the same with one wrong get', withStaleGet(randomRun({ ...usual, keys: 1 })), store)
report('the same, 5 % of unknown outcome', randomRun({ ...usual, keys: 1, unknownPercent: 5 }), store)
report('the same with one wrong get', withStaleGet(randomRun({ ...usual, keys: 1, unknownPercent: 5 })), store)
report('10,000 operations, 20 clients, one key', randomRun({ ...usual, keys: 1, clients: 20 }), store)
report('the same with one wrong get', withStaleGet(randomRun({ ...usual, keys: 1, clients: 20 })), store)
report(
  '100,000 operations, 20 clients, 100 keys',
  randomRun({ ...usual, operations: 100_000, keys: 100, clients: 20 }),
  store,
)
const register = registerModel(0)
for (const [values, reads] of [
  [100, 40],
  [20, 60],
  [5, 90],
] as const) {
  report(`100 unknown writes of ${values} values, ${reads} reads by 4`, unknownWrites(100, values, reads, 1), register)
  report('the same with a last read of what nobody wrote', unknownWrites(100, values, reads, 999), register)
}
