/**
 * The records of one partition's runs without their inputs and results, kept beside them under a kind of their own, so
 * that who lists runs does not read what they gave. Called by `run-host.ts`, which notes each run as it begins and ends.
 */
import type { WireError } from '../../actors/errors.ts'
import { type Plain, toPlain } from '../../actors/plain.ts'
import { bytesOf, ROW_BYTES } from '../../runtime/cluster/pages.ts'
import type { Runtime } from '../../runtime/create-runtime.ts'
import type { RunRecord } from '../../runtime/runs.ts'

/** A record without the input and the result. */
export type BriefRun = Omit<RunRecord, 'input' | 'result'>

export interface RunBriefs {
  /** Stands in line with what is written before and after it. */
  note(record: RunRecord): Promise<void>
  /** In the order of their ids; with `after`, those behind that id. */
  list(after?: string): AsyncIterable<readonly [id: string, run: BriefRun]>
  /**
   * Notes what earlier versions did not, as they keep no such records: all runs are read, unless the epoch before this one
   * was of an owner that keeps them.
   */
  complete(epoch: number): Promise<void>
}

/** Kind of these records. */
const KIND = 'run-brief'
/** Kind of the record of the newest epoch whose owner noted all runs. */
const COMPLETE = 'run-briefs'

export function runBriefs({ journal: { records }, runs }: Pick<Runtime, 'journal' | 'runs'>): RunBriefs {
  const note: RunBriefs['note'] = record => records.put(KIND, record.id, toPlain(brief(record), 'run'))
  return {
    note,
    list: after => records.list(KIND, after) as AsyncIterable<never>,
    async complete(epoch) {
      const noted = await records.get(COMPLETE, 'all')
      const isComplete = noted === epoch || noted === epoch - 1
      const all = isComplete ? [] : await runs.list()
      for (const record of all) {
        const known = (await records.get(KIND, record.id)) as unknown as BriefRun | undefined
        if (known?.status !== record.status) await note(record)
      }
      // Where there are no runs there is nothing to save the next owner.
      if (noted !== epoch && (isComplete || all.length > 0)) await records.put(COMPLETE, 'all', epoch)
    },
  }
}

/** A record as it is listed: what may be large is left out. */
export function brief({ result: _, input: __, ...rest }: RunRecord): BriefRun {
  if (bytesOf(rest as unknown as Plain) <= ROW_BYTES / 4) return rest
  const { error, options: ___, ...small } = rest
  return { ...small, options: {}, ...(error && { error: shortened(error) }) }
}

const SHOWN = 2_000

function shortened({ details: _, message, why, fix, ...rest }: WireError): WireError {
  const cut = (text: string): string => text.slice(0, SHOWN)
  return {
    ...rest,
    message: cut(message),
    ...(why !== undefined && { why: cut(why) }),
    ...(fix !== undefined && { fix: cut(fix) }),
  }
}
