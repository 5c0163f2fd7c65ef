/** The journal of a simulated node: the real one, over the simulated disk. Used by `program.ts`. */
import type { Journal } from '../../../actors/journal.ts'
import { journalOn } from '../../../memory/journal-on.ts'
import type { LevelStore } from '../../../memory/level.ts'
import { journalCodec } from '../../data-directory.ts'

/** Opens and checks it. Throws `store-corrupt`, `store-failed`. */
export const openJournal = (store: LevelStore, snapshotEvery: number): Promise<Journal> =>
  journalOn(store, { encoder: journalCodec(), snapshotEvery })
