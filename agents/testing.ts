/**
 * `agenticraft/testing`: a scripted model, a clock that stands still, a bound on waiting, a runtime for tests, and
 * a simulation that lives through crashes, failing disks and slow models from a seed.
 */

export { type SimulatedClock, settle, simulatedClock } from '../runtime/testkit/simulated-clock.ts'
export type { FaultClass, FaultRates } from '../runtime/testkit/simulation/faults.ts'
export type { LedgerEntry } from '../runtime/testkit/simulation/ledger.ts'
export type { SimulatedEffect } from '../runtime/testkit/simulation/model.ts'
export type { Scenario } from '../runtime/testkit/simulation/program.ts'
export { type SimulationReport, simulate } from '../runtime/testkit/simulation/simulate.ts'
export { type SimulationSummary, simulateMany } from '../runtime/testkit/simulation/simulate-many.ts'
export type { World } from '../runtime/testkit/simulation/world.ts'
export { type TestRuntime, testRuntime } from '../runtime/testkit/test-runtime.ts'
export { within } from '../runtime/testkit/within.ts'
export { type Script, type ScriptedModel, type ScriptedTurn, scriptedModel } from './models/scripted.ts'
