import { journalConformance } from '../actors/journal.conformance.ts'
import { inMemoryJournal } from './in-memory-journal.ts'

journalConformance('memory/in-memory-journal', async () => {
  const journal = inMemoryJournal({ snapshotEvery: 5 })
  return { journal, snapshotEvery: 5, close: () => journal.close() }
})
