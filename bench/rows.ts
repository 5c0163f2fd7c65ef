/**
 * From what the processes measured to the rows that are shown and saved. A ratio says how many times better
 * ours is than that peer: above 1 is better for us, whichever way the metric counts. Pure.
 */
import { median } from './median.ts'
import { type Found, type Measured, type Metric, type Scenario, subjectsOf } from './scenario.ts'

export interface Row {
  readonly subject: string
  readonly metric: string
  /** Null when the subject could not be measured here. */
  readonly value: number | null
  readonly unit: string
  /** Ours against this peer; null on our own rows and on counts. */
  readonly ratio: number | null
  /** Why there is no value. */
  readonly why?: string
}

/** Every round of one subject, by its name in the scenario. */
export type Rounds = ReadonlyMap<string, readonly Found[]>

/** The metric that every scenario has: answers that never came or were wrong. */
export const LOST = 'lost replies'

/** The metric of the one row of a subject that cannot be measured on this machine. */
export const NOT_MEASURED = 'not measured'

/** How many times better `ours` is than `theirs`. */
export const ratio = (better: Metric['better'], ours: number, theirs: number): number =>
  better === 'lower' ? theirs / ours : ours / theirs

/** Metric by metric, ours first; then what each subject lost, over all rounds; then who could not be measured. */
export function toRows(
  scenario: Scenario,
  found: Rounds,
  label: (subject: string) => string = name => name,
): Row[] {
  const names = subjectsOf(scenario).map(({ name }) => name)
  const missing = new Map(names.flatMap(name => whyMissing(name, found.get(name))))
  const subjects = names.filter(name => !missing.has(name))
  const rounds = new Map(subjects.map(name => [name, (found.get(name) ?? []) as readonly Measured[]]))
  const measured = scenario.metrics.flatMap(metric => {
    const ours = reported(metric, rounds.get(scenario.ours.name))
    return subjects.flatMap((subject): Row[] => {
      const value = reported(metric, rounds.get(subject))
      if (value === undefined) return []
      const isPeer = subject !== scenario.ours.name && ours !== undefined
      return [
        {
          subject: label(subject),
          metric: metric.name,
          value,
          unit: metric.unit,
          ratio: isPeer ? ratio(metric.better, ours, value) : null,
        },
      ]
    })
  })
  return [
    ...measured,
    ...subjects.map(subject => lostRow(label(subject), rounds.get(subject) ?? [])),
    ...[...missing].map(([subject, why]) => missingRow(label(subject), why)),
  ]
}

function whyMissing(subject: string, rounds: readonly Found[] = []): [string, string][] {
  const one = rounds.find(round => 'unavailable' in round)
  return one ? [[subject, one.unavailable]] : []
}

const missingRow = (subject: string, why: string): Row => ({
  subject,
  metric: NOT_MEASURED,
  value: null,
  unit: '',
  ratio: null,
  why,
})

function reported({ name }: Metric, rounds: readonly Measured[] = []): number | undefined {
  const values = rounds.map(({ values }) => values[name]).filter(value => value !== undefined)
  return values.length === 0 ? undefined : median(values)
}

function lostRow(subject: string, rounds: readonly Measured[]): Row {
  const asked = rounds.reduce((sum, round) => sum + round.asked, 0)
  const answered = rounds.reduce((sum, round) => sum + round.answered, 0)
  return { subject, metric: LOST, value: asked - answered, unit: `of ${asked}`, ratio: null }
}
