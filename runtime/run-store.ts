/** Runs beside the journal: their records, and their history from the journals of their actors. */
import type { Address } from '../actors/address.ts'
import type { Clock } from '../actors/clock.ts'
import { RuntimeError } from '../actors/errors.ts'
import type { Journal, Logged } from '../actors/journal.ts'
import { type Plain, toPlain } from '../actors/plain.ts'
import type { RunRecord, Runs } from './runs.ts'

/** Kind of the records of runs. */
const KIND = 'run'

export function runsOf(journal: Journal, clock: Clock, version: string): Runs {
  const { records } = journal
  const get = async (id: string): Promise<RunRecord | undefined> =>
    (await records.get(KIND, id)) as unknown as RunRecord | undefined
  const known = async (id: string): Promise<RunRecord> => {
    const found = await get(id)
    if (found) return found
    throw new RuntimeError('run-unknown', `there is no run "${id}"`, { fix: 'list them first' })
  }
  /**
   * Stands in line with the commits and is not waited for: whatever is stored after it is there only with it, and a
   * run whose end is lost in a crash comes to the same end again.
   */
  const put = (record: RunRecord): RunRecord => {
    // A store that refuses refuses every commit after it, and those say so.
    records.put(KIND, record.id, toPlain(record, `run ${record.id}`)).catch(() => {})
    return record
  }
  const actors = async (id: string): Promise<readonly Address[]> => {
    const found: Address[] = []
    for await (const { actor } of journal.actors(id)) found.push(actor)
    return found
  }

  return {
    get,
    actors,
    async begin({ id, workflow, input, options, forkedFrom }) {
      const before = await get(id)
      if (before) {
        const { finishedAt: _, error: __, result: ___, ...rest } = before
        return before.status === 'running' ? before : put({ ...rest, status: 'running' })
      }
      return put({
        id,
        workflow,
        input,
        options,
        status: 'running',
        startedAt: clock.now(),
        runtime: version,
        ...(forkedFrom && { forkedFrom }),
      })
    },
    async finish(id, end) {
      return put({ ...(await known(id)), ...end, finishedAt: clock.now() })
    },
    async list() {
      const found: RunRecord[] = []
      for await (const [, record] of records.list(KIND)) found.push(record as unknown as RunRecord)
      return found.sort((a, b) => b.startedAt - a.startedAt)
    },
    async steps(id) {
      const logged: Logged[] = []
      for (const actor of await actors(id))
        for await (const entry of journal.history(actor)) logged.push(entry)
      logged.sort((a, b) => a.order - b.order)
      return logged.map(({ commit }, i) => ({ step: i + 1, commit }))
    },
    async remove(id) {
      await known(id)
      for (const actor of await actors(id)) await journal.remove(actor)
      await records.remove(KIND, id)
    },
  }
}

/** Plain data of a run's record, for those who made it from typed values. */
export const asPlain = (value: unknown): Plain => toPlain(value, 'run')
