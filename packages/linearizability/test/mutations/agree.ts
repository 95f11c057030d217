/** Compares the search with the definition on random histories from a seed. Prints the first that they disagree about, if any. */
import fc from 'fast-check'
import type { History, Model } from '../../src/index.js'
import { counterModel, judgeHistory, keyValueModel, registerModel } from '../../src/index.js'
import { askedOfCounter, askedOfRegister, askedOfStore, historiesOf, type Asked } from '../arbitrary.js'
import { isLinearizableByDefinition } from '../oracle.js'
import { keptForLater } from '../short-hand.js'
import { wholeStoreModel } from '../whole-store.js'

const settings = { seed: 7, numRuns: 2_500, endOnFailure: true }

function disagreement<State, Whole, Input, Output>(
  model: Model<State, Input, Output>,
  whole: Model<Whole, Input, Output>,
  asked: fc.Arbitrary<Asked<Input, Output>>,
  oneUnknownIn: number,
  example: History<Input, Output> = [],
): unknown {
  const found = fc.check(
    fc.property(historiesOf(asked, 6, oneUnknownIn), (history) => {
      const verdict = judgeHistory(history, model, { stepsMax: 100_000 }).verdict
      return verdict === (isLinearizableByDefinition(history, whole) ? 'linearizable' : 'notLinearizable')
    }),
    { ...settings, examples: [[example]] },
  )
  return found.failed ? found.counterexample : null
}

const found =
  disagreement(registerModel(0), registerModel(0), askedOfRegister, 4) ??
  disagreement(registerModel(0), registerModel(0), askedOfRegister, 2, keptForLater) ??
  disagreement(keyValueModel(), wholeStoreModel(), askedOfStore, 4) ??
  disagreement(counterModel(), counterModel(), askedOfCounter, 4)
console.log(found === null ? 'agree' : `disagree: ${JSON.stringify(found)}`)
