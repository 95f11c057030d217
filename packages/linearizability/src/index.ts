/**
 * Decides whether a recorded history is linearizable, and shows why not.
 *
 * @packageDocumentation
 */
export { limitsSchema, type Exhausted, type Limits } from './budget.js'
export { canonicalText } from './canonical.js'
export type { History, Operation, Outcome, ProcessId } from './history.js'
export { judgeHistory, type Judgement, type PartJudgement, type Verdict } from './judge.js'
export {
  model,
  sequentialModel,
  type Model,
  type ModelDefinition,
  type ModelTraits,
  type SequentialDefinition,
  type Step,
} from './model.js'
export { counterModel, type CounterInput, type CounterOutput } from './models/counter.js'
export { keyValueModel, type KeyValueInput, type KeyValueOutput } from './models/key-value.js'
export { machineModel, type MachineInput, type MachineModelOptions, type MachineShape } from './models/machine.js'
export { registerModel, type RegisterInput, type RegisterOutput } from './models/register.js'
export { recordHistory, type OperationId, type Recorder } from './recorder.js'
export { findCounterexample, type Blocked, type Counterexample, type Placed, type Told } from './counterexample.js'
export { describeCounterexample } from './describe.js'
export { HistoryFormatError, HistoryReader, type ReadingOptions } from './history-reader.js'
export type { ReadHistory } from './reading.js'
export { modelNames, writeRun, type RunHeading } from './run-format.js'
export { renderTimeline, type TimelineOptions } from './timeline/timeline.js'
