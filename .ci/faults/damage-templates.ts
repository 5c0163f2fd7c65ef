/**
 * Journal directories to be damaged, and all that is true of them. Made once per run by `damaged-files.ts`.
 * `log`: closed, with everything still in LevelDB's log. `tables`: closed, with most of it in tables. `killed`:
 * as a killed process leaves it, its last commits not synced.
 */
import { cp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Address, address } from '../../actors/address.ts'
import { type LevelJournal, openLevelJournal } from '../../memory/level-journal.ts'
import { createCodec } from '../../runtime/codec.ts'
import type { Acknowledged } from './owed-commits.ts'
import { CHAIN_START, type ChainEnd, promisedCommit, promisedState } from './promised-commits.ts'

export interface DamageTemplate {
  readonly name: 'log' | 'tables' | 'killed'
  readonly dir: string
  readonly acknowledged: readonly Acknowledged[]
  /** Values kept beside the actors, by id. */
  readonly records: Readonly<Record<string, string>>
}

export const RECORD_KIND = 'note'

interface Writer {
  readonly ends: Map<Address, ChainEnd>
  readonly acknowledged: Acknowledged[]
  readonly records: Record<string, string>
}

export async function makeTemplates(folder: string): Promise<DamageTemplate[]> {
  return [
    await template(folder, 'log', async (dir, writer) => closed(dir, writer, 20)),
    await template(folder, 'tables', async (dir, writer) => {
      // Every opening turns the log of the last one into a table.
      for (let life = 0; life < 4; life++) await closed(dir, writer, 7)
    }),
    await template(folder, 'killed', async (dir, writer) => {
      const journal = await open(`${dir}-live`)
      await append(journal, writer, 12, true)
      await append(journal, writer, 12, false)
      const isData = (path: string) => !path.endsWith('.sock') && !path.endsWith('LOCK')
      await cp(`${dir}-live`, dir, { recursive: true, filter: isData })
      await journal.close()
      await rm(`${dir}-live`, { recursive: true })
    }),
  ]
}

async function template(
  folder: string,
  name: DamageTemplate['name'],
  make: (dir: string, writer: Writer) => Promise<void>,
): Promise<DamageTemplate> {
  const dir = join(folder, `template-${name}`)
  const writer: Writer = { ends: new Map(), acknowledged: [], records: {} }
  await make(dir, writer)
  // Sockets of owners that are gone: they cannot be copied, and hold nothing.
  for (const file of await readdir(dir)) if (file.endsWith('.sock')) await rm(join(dir, file))
  return { name, dir, acknowledged: writer.acknowledged, records: writer.records }
}

const open = (dir: string): Promise<LevelJournal> =>
  openLevelJournal({ dir, encoder: createCodec(), snapshotEvery: 9 })

async function closed(dir: string, writer: Writer, rounds: number): Promise<void> {
  const journal = await open(dir)
  await append(journal, writer, rounds, true)
  await journal.close()
}

/** Three actors of many commits, one of them of a run, and per round one of a single commit, and a record. */
async function append(journal: LevelJournal, writer: Writer, rounds: number, sync: boolean): Promise<void> {
  const { ends, acknowledged, records } = writer
  const appendTo = async (actor: Address, run?: string): Promise<void> => {
    const before = ends.get(actor) ?? CHAIN_START
    const { commit, after } = promisedCommit(actor, before, acknowledged.length + 1)
    await journal.append(commit, () => promisedState(before), { sync, ...(run !== undefined && { run }) })
    ends.set(actor, after)
    acknowledged.push({ n: after.n, actor, seq: after.seq, sync })
  }
  for (let round = 0; round < rounds; round++) {
    await appendTo(address('writer', 'a'))
    await appendTo(address('writer', 'b'))
    await appendTo(address('writer', 'c'), 'run-1')
    // No later commit of theirs shows that it was lost.
    await appendTo(address('once', `n${ends.size}`))
    if (!sync) continue
    const id = `r${acknowledged.length}`
    records[id] = `value ${id}`
    await journal.records.put(RECORD_KIND, id, `value ${id}`, { sync })
  }
}
