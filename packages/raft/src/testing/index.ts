/**
 * Scenarios: whole clusters of Raft as text, one command after the other, with what happened behind each.
 *
 * @packageDocumentation
 */
export { runScenario } from './run-scenario.js'
export { ScenarioError } from './scenario-error.js'
