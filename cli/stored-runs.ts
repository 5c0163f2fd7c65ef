/**
 * Runs as the command line names them: found by id or its beginning, with the workflow they are of and the
 * behaviours it takes to read their history. Reads only.
 */
import { isAbsolute, relative, resolve } from 'node:path'
import { RuntimeError } from '../actors/errors.ts'
import type { RunnableWorkflow } from '../agents/workflow/runnable.ts'
import { type BehaviourOf, behavioursByType } from '../runtime/history/fold.ts'
import type { RunRecord, Runs } from '../runtime/runs.ts'

/** What a run was started with besides its input. */
export interface StartOptions {
  readonly size?: number
  readonly model?: string
  /** Namespace of the memory it works with. */
  readonly memory?: string
  /** The folder its sources are looked up in, from the data directory: both may be moved together. */
  readonly folder?: string
}

const SHORTEST_PREFIX = 4

/** The run of that id, or the only one whose id begins so. Throws `run-unknown`, `usage`. */
export async function findRun(runs: Runs, given: string): Promise<RunRecord> {
  const exact = isId(given) ? await runs.get(given) : undefined
  return exact ?? matchingRun(() => runs.list(), given)
}

/** The only run whose id begins so. Throws `run-unknown`, `usage`. */
export async function matchingRun<T extends { readonly id: string }>(
  list: () => Promise<readonly T[]>,
  given: string,
): Promise<T> {
  const all = given.length < SHORTEST_PREFIX ? [] : await list()
  const matching = all.filter(({ id }) => id.startsWith(given))
  const [found, ...others] = matching
  if (found && others.length === 0) return found
  if (found)
    throw new RuntimeError('usage', `"${given}" is the beginning of ${matching.length} runs`, {
      why: matching.map(({ id }) => id).join(', '),
      fix: 'give more of the id',
    })
  throw new RuntimeError('run-unknown', `there is no run "${given.slice(0, 80)}"`, {
    fix: `agenticraft runs ls lists them; the first ${SHORTEST_PREFIX} characters of an id are enough`,
  })
}

const isId = (text: string): boolean => /^[A-Za-z0-9_-]{1,64}$/.test(text)

/** Whoever reads this holds the data directory, so nobody else runs it. */
export const isUnfinished = ({ status }: Pick<RunRecord, 'status'>): boolean =>
  status === 'running' || status === 'needs-human'

/** The workflow of that name. Throws `usage`. */
export async function workflowNamed(name: string): Promise<RunnableWorkflow> {
  const { RUNNABLE } = await import('../agents/workflows/index.ts')
  const found = RUNNABLE.find(one => one.name === name)
  if (found) return found
  throw new RuntimeError('usage', `there is no workflow "${name}"`, {
    fix: `name one of: ${RUNNABLE.map(one => one.name).join(', ')}`,
  })
}

/** The behaviours of today for a run's actors; none when its workflow is not known any more. */
export async function behavioursOf(
  { workflow, options }: Pick<RunRecord, 'workflow' | 'options'>,
  more: StartOptions = {},
): Promise<BehaviourOf> {
  const { RUNNABLE } = await import('../agents/workflows/index.ts')
  const { folder: _, ...given } = { ...startOptions(options), ...more }
  return behavioursByType(RUNNABLE.find(one => one.name === workflow)?.behaviours(given) ?? [])
}

/** What is on record, as far as it is what this program writes. */
export function startOptions(options: RunRecord['options']): StartOptions {
  const { size, model, memory, folder } = (options ?? {}) as Readonly<Record<string, unknown>>
  return {
    ...(typeof size === 'number' && { size }),
    ...(typeof model === 'string' && { model }),
    ...(typeof memory === 'string' && { memory }),
    ...(typeof folder === 'string' && { folder }),
  }
}

/** A folder as it is put on record; one on another drive stays as it is. */
export function recordedFolder(dataDir: string, cwd: string): string {
  const from = relative(dataDir, cwd)
  return isAbsolute(from) ? cwd : from || '.'
}

export const folderOf = (dataDir: string, { folder = '..' }: StartOptions): string => resolve(dataDir, folder)
