/**
 * What must hold of every run, computed from what was witnessed: acknowledged commits, the effect ledger, dead
 * letters. Numbers as in the fault matrix: I1 nothing lost, I2 no committed effect repeated, I4 order, I7 replay,
 * I9 nothing too late. Pure: it reads, and says what is wrong.
 */
import type { EffectClass } from '../../../actors/effect.ts'
import { isReserved } from '../../../actors/envelope.ts'
import type { Commit } from '../../../actors/journal.ts'
import type { Ledger, LedgerEntry } from './ledger.ts'
import type { Recorder, Witnessed } from './recorder.ts'

/** I3: a partition's log. D: an acknowledged commit is kept. F1: a seed repeats. I6: everything ends. F10: damage is found. S: the scenario's own. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I6' | 'I7' | 'I9' | 'D' | 'F1' | 'F10' | 'S' | 'error'

export interface Violation {
  readonly invariant: Invariant
  readonly what: string
}

export interface Evidence {
  readonly recorder: Pick<Recorder, 'lives' | 'results' | 'dead' | 'broken'>
  readonly ledger: Pick<Ledger, 'entries'>
  /** How long nodes were down altogether, ms: deadlines do not count it. */
  readonly downMs: number
}

/** What must hold at any moment. */
export const safety = (evidence: Evidence): readonly Violation[] => [
  ...evidence.recorder.broken.map(what => ({ invariant: 'D' as const, what })),
  ...unrepeated(evidence),
  ...ordered(evidence.recorder.lives),
  ...inTime(evidence),
]

/** What must hold once everything has come to rest. */
export const completeness = ({ recorder }: Evidence): readonly Violation[] => {
  const taken = new Set(recorder.lives.flatMap(({ commits }) => commits.map(takenId)))
  return recorder.lives
    .flatMap(told)
    .flatMap(({ id, to }) =>
      taken.has(id) || recorder.dead.has(id)
        ? []
        : [{ invariant: 'I1' as const, what: `message "${id}" to ${to} was neither processed nor buried` }],
    )
}

const takenId = ({ taken }: Commit): string | undefined =>
  taken.kind === 'message' ? taken.cause.id : undefined

/** The messages that one life told, with the ids that its commits give them. */
function told({ actor, life, commits }: Witnessed): readonly { readonly id: string; readonly to: string }[] {
  return commits.flatMap(({ seq, acts }) =>
    acts.flatMap((act, k) =>
      act.act === 'tell' && !act.control ? [{ id: `${actor}.${life}.${seq}.${k}`, to: act.to }] : [],
    ),
  )
}

/** I4, and that a message is processed once: by sender, ids must grow from commit to commit of the receiver. */
function ordered(lives: readonly Witnessed[]): readonly Violation[] {
  return lives.flatMap(({ actor, commits }) => {
    const violations: Violation[] = []
    const last = new Map<string, readonly [seq: number, k: number]>()
    for (const { taken, seq: at } of commits) {
      if (taken.kind !== 'message' || isReserved(taken.type)) continue
      const id = derivedId(taken.cause.id)
      if (!id) continue
      const before = last.get(id.sender)
      const grows = !before || id.seq > before[0] || (id.seq === before[0] && id.k > before[1])
      if (grows) last.set(id.sender, [id.seq, id.k])
      else {
        const what = `commit ${at} of ${actor} takes "${taken.cause.id}" after ${before.join('.')} of the same sender`
        violations.push({ invariant: 'I4', what })
      }
    }
    return violations
  })
}

function derivedId(
  id: string,
): { readonly sender: string; readonly seq: number; readonly k: number } | undefined {
  const match = /^(.+)\.(\d+)\.(\d+)$/.exec(id)
  return match ? { sender: match[1] ?? '', seq: Number(match[2]), k: Number(match[3]) } : undefined
}

/** I2. */
function unrepeated({ recorder, ledger }: Evidence): readonly Violation[] {
  const byKey = new Map<string, LedgerEntry[]>()
  for (const entry of ledger.entries) {
    const known = byKey.get(entry.key)
    if (known) known.push(entry)
    else byKey.set(entry.key, [entry])
  }
  return [...byKey].flatMap(([key, entries]) => [
    ...afterResult(key, entries, recorder.results.get(key)),
    ...repeats(key, entries),
    ...renamed(key, entries),
  ])
}

const i2 = (what: string): Violation => ({ invariant: 'I2', what })

function afterResult(
  key: string,
  entries: readonly LedgerEntry[],
  result: number | undefined,
): readonly Violation[] {
  if (result === undefined) return []
  const again = entries.find(({ kind, order }) => kind === 'started' && order > result)
  return again
    ? [i2(`${again.class} effect "${key}" was started by ${again.life} after its end was committed`)]
    : []
}

/** What must have come between two attempts of one effect, unless the first was refused before it began. */
const BETWEEN: Readonly<Record<EffectClass, LedgerEntry['kind'] | 'anything' | 'nothing'>> = {
  pure: 'anything',
  idempotent: 'anything',
  verifiable: 'checked',
  compensable: 'undone',
  manual: 'nothing',
}

function repeats(key: string, entries: readonly LedgerEntry[]): readonly Violation[] {
  const violations: Violation[] = []
  let allowed = true
  for (const { kind, error, done, class: effectClass, life } of entries) {
    const needed = BETWEEN[effectClass]
    if (needed === 'anything') return []
    if (kind === 'started') {
      if (!allowed) violations.push(i2(`${effectClass} effect "${key}" was started again by ${life}`))
      allowed = false
    } else if (kind === 'failed' && error === 'rate-limited') allowed = true
    else if (kind === needed) allowed = kind === 'undone' || done === false
  }
  return violations
}

/** One key must not name two different calls; of `pure` ones it does no harm, and they are not synced. */
function renamed(key: string, entries: readonly LedgerEntry[]): readonly Violation[] {
  const calls = entries.filter(({ kind, class: of }) => kind === 'started' && of !== 'pure')
  const names = new Set(calls.map(({ name, input }) => `${name} ${JSON.stringify(input)}`))
  return names.size > 1 ? [i2(`the key "${key}" names ${names.size} different calls`)] : []
}

/** I9. */
function inTime({ recorder, ledger, downMs }: Evidence): readonly Violation[] {
  const late = ledger.entries.flatMap(({ late, key, life }) =>
    late ? [{ invariant: 'I9' as const, what: `"${key}" was started by ${life} after its ${late}` }] : [],
  )
  const taken = recorder.lives.flatMap(({ actor, commits }) =>
    commits.flatMap(({ taken: { kind, ...rest }, at, seq }) => {
      const deadline = kind === 'message' && 'type' in rest && !isReserved(rest.type) && rest.cause.deadline
      if (typeof deadline !== 'number' || at < deadline + downMs) return []
      return [
        { invariant: 'I9' as const, what: `commit ${seq} of ${actor} takes a message after its deadline` },
      ]
    }),
  )
  return [...late, ...taken]
}
