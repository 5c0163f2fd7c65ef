import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { journalConformance } from '../actors/journal.conformance.ts'
import { createCodec } from '../runtime/codec.ts'
import { openLevelJournal } from './level-journal.ts'

const fixture = async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ac-conformance-'))
  const open = () => openLevelJournal({ dir, encoder: createCodec(), snapshotEvery: 5 })
  const first = await open()
  let current = first
  return {
    journal: first,
    snapshotEvery: 5,
    async reopen() {
      await current.close()
      current = await open()
      return current
    },
    async close() {
      await current.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

journalConformance('memory/level-journal', fixture, { keeps: true })
