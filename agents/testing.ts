/** `agenticraft/testing`: a scripted model, a clock that stands still, a bound on waiting, a runtime for tests. */

export { type SimulatedClock, settle, simulatedClock } from '../runtime/testkit/simulated-clock.ts'
export { type TestRuntime, testRuntime } from '../runtime/testkit/test-runtime.ts'
export { within } from '../runtime/testkit/within.ts'
export { type Script, type ScriptedModel, type ScriptedTurn, scriptedModel } from './models/scripted.ts'
