/**
 * The journal in a directory: rungs D1 and D2 of the durability ladder. Opened by whoever owns a data directory.
 * What it does is in `journal-on.ts`; here it is opened, verified and restored.
 */

import type { Encoder } from './encoder.ts'
import { checkJournal, type JournalReport } from './journal-check.ts'
import { type JournalSettings, journalOn, type LevelJournal } from './journal-on.ts'
import { openLevel } from './level.ts'
import { checkedInterval } from './refusals.ts'

export type { LevelJournal } from './journal-on.ts'

export interface LevelJournalOptions extends JournalSettings {
  readonly dir: string
}

/**
 * Opens the journal in a directory, which is made if it is not there, and checks all of it: time grows with what
 * is stored, which snapshots bound. Throws `store-locked`, `store-corrupt`, `store-failed`.
 */
export async function openLevelJournal({ dir, ...settings }: LevelJournalOptions): Promise<LevelJournal> {
  checkedInterval(settings.snapshotEvery)
  const store = await openLevel(dir)
  try {
    return await journalOn(store, settings)
  } catch (error) {
    await store.close()
    throw error
  }
}

/** What is wrong with the journal in a directory, without opening it for work. Throws as opening LevelDB does. */
export async function verifyLevelJournal({ dir, encoder }: LevelJournalOptions): Promise<JournalReport> {
  const store = await openLevel(dir)
  try {
    return (await checkJournal(store, encoder)).report
  } finally {
    await store.close()
  }
}

/** Copies a sound backup into a new directory and verifies the copy. Throws as opening and `backup` do. */
export async function restoreLevelJournal(
  fromDir: string,
  toDir: string,
  encoder: Encoder,
): Promise<JournalReport> {
  const from = await openLevelJournal({ dir: fromDir, encoder })
  try {
    return await from.backup(toDir)
  } finally {
    await from.close()
  }
}
