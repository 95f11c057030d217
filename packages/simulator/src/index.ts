/**
 * Whole clusters in virtual time, from one seed.
 *
 * @packageDocumentation
 */
export { simulate, type Report, type SimulateOptions } from './simulate.js'
export { runInSimulation, type SimulationOptions, type SimulationOutcome } from './run-in-simulation.js'
export type { Caller, Workload } from './workload.js'
export { drawPlan, usualLimits, type PlanLimits } from './plan/swarm.js'
export { badDays, missingDays, runsForAll, type BadDay } from './bad-days.js'
export { shrink, type ShrinkOptions } from './plan/shrink.js'
export { selectFrom, type Selection } from './plan/select.js'
export type { ClusterTraits, LoadTraits, Plan, Profile, Theme } from './plan/plan.js'
export type { Fault, Target } from './plan/fault.js'
export {
  subject,
  type DrawnProtocol,
  type Inspection,
  type ProtocolWatch,
  type Subject,
  type SubjectParts,
} from './subject.js'
export type { Gateway, HttpRequest, ServedMember, ServeHttp } from './clients/gateway.js'
export { explore, type Exploration, type ExploreOptions } from './explorer/explore.js'
export type { Bounds, Explored } from './explorer/model.js'
export { Violation } from './violation.js'
export type { TraceEvent } from './trace.js'
