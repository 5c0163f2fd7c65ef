/**
 * The journal of a data directory, usable as a value before it is open: a runtime is made at once, and everything
 * it does to the journal waits for the opening. Called by `create-runtime.ts`.
 */
import { join } from 'node:path'
import { RuntimeError } from '../actors/errors.ts'
import type { Journal, Records } from '../actors/journal.ts'
import { openLevelJournal } from '../memory/level-journal.ts'
import { createCodec } from './codec.ts'
import type { RuntimeOptions } from './runtime.ts'

/** Largest commit or snapshot, encoded: a conversation of many turns is one value. */
const MAX_BYTES = 64 * 1024 * 1024
const MAX_NODES = 4_000_000

/** Where a data directory keeps its journal. */
export const journalDirectory = (dataDir: string): string => join(dataDir, 'journal')

/** Where a data directory keeps its memory. */
export const memoryDirectory = (dataDir: string): string => join(dataDir, 'memory')

/** The codec of what is on disk: the same as on the wire, with room for large states. */
export const journalCodec = () => createCodec({ maxBytes: MAX_BYTES, maxNodes: MAX_NODES })

export interface OpeningJournal {
  readonly journal: Journal
  /** Rejects with what `openLevelJournal` throws. */
  readonly opened: Promise<void>
}

/** Opens the journal of `dataDir`, which is created if it is not there. */
export function openDataDirectory(dataDir: string, sync: RuntimeOptions['sync'] = 'effects'): OpeningJournal {
  let inner: Journal | undefined
  const opening = openLevelJournal({
    dir: journalDirectory(dataDir),
    encoder: journalCodec(),
    sync: sync === 'always' ? 'always' : 'asked',
  })
  const opened = opening.then(journal => {
    inner = journal
  })
  const open = (): Journal => {
    if (inner) return inner
    throw new RuntimeError('journal-closed', `the journal in "${dataDir}" is not open`, {
      why: 'it is being opened, or could not be',
      fix: 'wait for runtime.ready, which says why it failed',
    })
  }
  const records: Records = {
    put: async (...args) => open().records.put(...args),
    get: async (...args) => open().records.get(...args),
    list: (...args) => open().records.list(...args),
    remove: async (...args) => open().records.remove(...args),
  }
  const journal: Journal = {
    durable: true,
    ordered: true,
    records,
    append: (...args) => open().append(...args),
    snapshot: (...args) => open().snapshot(...args),
    read: async actor => open().read(actor),
    readAll: wanted => open().readAll(wanted),
    history: actor => open().history(actor),
    known: actor => open().known(actor),
    actors: run => open().actors(run),
    remove: async actor => open().remove(actor),
    close: async () => {
      await opening.then(
        opened => opened.close(),
        () => {},
      )
    },
  }
  return { journal, opened }
}
