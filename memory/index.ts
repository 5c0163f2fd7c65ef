/** `agenticraft/memory`: where an actor's journal is kept, and the memory of agents. */

export type { Damage, Problem } from './damage.ts'
export type { Encoder } from './encoder.ts'
export { type InMemoryJournalOptions, inMemoryJournal } from './in-memory-journal.ts'
export type { JournalReport } from './journal-check.ts'
export {
  type LevelJournal,
  type LevelJournalOptions,
  openLevelJournal,
  restoreLevelJournal,
  verifyLevelJournal,
} from './level-journal.ts'
export type * from './memory.ts'
export { type MemoryOptions, openMemory } from './open-memory.ts'
export { RECALL_WEIGHTS, type RecallWeights } from './recall/weights.ts'
