/** What can be wrong with a journal on disk, and the error that says it. Used by whatever reads one. */
import type { Address } from '../actors/address.ts'
import { RuntimeError } from '../actors/errors.ts'

export type Damage =
  | 'torn'
  | 'flipped'
  | 'version'
  /** Commits are missing. */
  | 'hole'
  /** A record does not follow the one before. */
  | 'chain'
  | 'leftover'
  | 'unreadable'
  /** Ends of chains, whole actors or records are missing. */
  | 'heads'
  /** A run and its actors do not know each other. */
  | 'run'
  | 'key'

export interface Problem {
  readonly what: Damage
  readonly actor?: Address
  /** Of a commit; absent for a snapshot. */
  readonly seq?: number
  /** Kind and id. */
  readonly record?: readonly [kind: string, id: string]
}

const MEANINGS: Readonly<Record<Damage, string>> = {
  torn: 'is cut off',
  flipped: 'was changed',
  version: 'is of a version this program does not know',
  hole: 'does not follow: commits before it are missing',
  chain: 'does not follow from the record before it',
  leftover: 'should have been replaced by a snapshot',
  unreadable: 'cannot be decoded',
  heads: 'the store does not hold what was last written',
  run: 'a run and its actors do not know each other',
  key: 'there is a key that no journal writes',
}

/** The first problem as an error; the others, up to 20, are in its details. */
export function corruption(dir: string, problems: readonly Problem[]): RuntimeError {
  const first = problems[0] ?? { what: 'heads' as const }
  return new RuntimeError(
    'store-corrupt',
    `"${dir}" is damaged: ${subjectOf(first)}${MEANINGS[first.what]}`,
    {
      why: 'what was read is not what was written',
      fix: 'keep a copy for examination and restore the last backup into a new directory',
      details: { dir, ...first, problems: problems.slice(0, 20) },
    },
  )
}

function subjectOf({ actor, seq, record }: Problem): string {
  if (record) return `${record[0]} "${record[1].slice(0, 80)}" `
  if (actor === undefined) return ''
  return `${seq === undefined ? 'the snapshot' : `commit ${seq}`} of ${actor} `
}
