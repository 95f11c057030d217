export { Inflights } from './inflights.js'
export { Progress, type ProgressPhase } from './progress.js'
