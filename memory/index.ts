/** `agenticraft/memory`: where an actor's journal is kept. */

export { type InMemoryJournalOptions, inMemoryJournal } from './in-memory-journal.ts'
