/**
 * Runs of a cluster, for whoever submits and follows them. A run is started by its id: starting it again, after a
 * silence, is the same run. It goes on when nobody follows it.
 */

import type { Clock } from '../../actors/clock.ts'
import { RuntimeError } from '../../actors/errors.ts'
import type { RuntimeEvent } from '../../actors/events.ts'
import type { Plain } from '../../actors/plain.ts'
import { subject } from '../../actors/subject.ts'
import type { ClusterClient, MissingOptions } from '../../runtime/cluster/client/cluster-client.ts'
import { partitionOf } from '../../runtime/cluster/placement.ts'
import { isPassing } from '../../runtime/cluster/requests.ts'
import type { OpenEffect } from '../../runtime/history/open-effects.ts'
import type { RunRecord } from '../../runtime/runs.ts'
import type { BriefRun } from './run-briefs.ts'
import { type RunDecisions, writeDecisions } from './run-decisions.ts'
import type { RunOrder } from './run-host.ts'

export type { BriefRun } from './run-briefs.ts'

export interface FollowOptions {
  /** Submitted first, so that its beginning is heard as well. */
  readonly order?: RunOrder
  readonly onEvent?: (event: RuntimeEvent) => void
  readonly signal?: AbortSignal
}

export interface RunClient {
  /** Resolves when the cluster has it for good. Throws `partition-unowned`, `usage`. */
  submit(order: RunOrder): Promise<BriefRun>
  get(id: string): Promise<BriefRun | undefined>
  /** The whole record, with its result. Throws `run-unknown`. */
  record(id: string): Promise<RunRecord>
  /** Newest first. A partition that does not answer fails it, unless `onMissing` is told. */
  list(options?: MissingOptions): Promise<readonly BriefRun[]>
  /** Effects of a run that have no outcome, those that wait for a person among them; long inputs are cut. Throws `run-unknown`. */
  open(id: string): Promise<readonly OpenEffect[]>
  /**
   * Says what became of effects that wait for a person, and has the run go on. Resolves when that is kept; doing so again
   * is doing it once. Throws `run-unknown`, `effect-unknown`, and `usage` for what was decided otherwise.
   */
  decide(id: string, decisions: RunDecisions): Promise<BriefRun>
  cancel(id: string): Promise<void>
  /**
   * Resolves with the record when the run has ended, however long nobody serves its partition meanwhile. What happens is
   * told as it comes, and may have gaps. Throws `run-unknown`, the reason of `signal`, and with `order` what `submit` throws.
   */
  follow(id: string, options?: FollowOptions): Promise<RunRecord>
}

/** Between two looks whether it has ended, ms. */
const LOOK_MS = 500

export function runClient(client: ClusterClient, namespace: string, clock: Clock): RunClient {
  const at = (id: string, op: string, body: Readonly<Record<string, Plain>> = {}): Promise<Plain> =>
    client.inPartition(partitionOf(id), op, { ...body, id })
  const record = async (id: string): Promise<RunRecord> => {
    let text = ''
    for (let total = 1; text.length < total; ) {
      const part = (await at(id, 'run.part', { at: text.length })) as { text: string; total: number } | null
      if (!part) throw unknown(id)
      text += part.text
      total = part.total
    }
    return JSON.parse(text) as RunRecord
  }
  const submit: RunClient['submit'] = async order =>
    (await at(
      order.id,
      'run.start',
      order as unknown as Readonly<Record<string, Plain>>,
    )) as unknown as BriefRun

  return {
    record,
    submit,
    get: async id => ((await at(id, 'run.get')) ?? undefined) as unknown as BriefRun | undefined,
    async list(options) {
      const lists = await client.inPartitions('run.list', options)
      const found = [...lists.values()].flat() as unknown as BriefRun[]
      return found.sort((a, b) => b.startedAt - a.startedAt)
    },
    open: async id => (await at(id, 'run.open')) as unknown as readonly OpenEffect[],
    decide: async (id, decisions) =>
      (await at(id, 'run.decide', { decisions: writeDecisions(decisions) })) as unknown as BriefRun,
    async cancel(id) {
      await at(id, 'run.cancel')
    },
    async follow(id, { order, onEvent, signal } = {}) {
      const heard =
        onEvent &&
        client.listen(subject(namespace, 'run', id), body => onEvent(body as unknown as RuntimeEvent))
      try {
        if (order) await unless(signal, submit(order))
        for (;;) {
          const found = await unless(signal, at(id, 'run.follow').catch(unanswered))
          if (found === null) throw unknown(id)
          if (found !== undefined && (found as unknown as BriefRun).status !== 'running')
            return await unless(signal, record(id))
          await unless(signal, pause(clock, LOOK_MS))
        }
      } finally {
        heard?.unsubscribe()
      }
    },
  }
}

const unknown = (id: string): RuntimeError =>
  new RuntimeError('run-unknown', `there is no run "${id}"`, { fix: 'agenticraft ps --runs lists them' })

/** The run goes on wherever its partition is taken up again, and can be followed there. */
function unanswered(error: unknown): undefined {
  if (!isPassing(error)) throw error
}

const pause = (clock: Clock, ms: number): Promise<void> =>
  new Promise(resolve => void clock.at(clock.now() + ms, resolve))

/** What `work` comes to; rejects with the reason of `signal` when that comes first. */
async function unless<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work
  work.catch(() => {})
  signal.throwIfAborted()
  let abort = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
