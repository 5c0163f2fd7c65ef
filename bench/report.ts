/**
 * What a measurement prints: a markdown table for people, which can be pasted into `docs/bench.md` as it is, or
 * one JSON object for programs. Pure.
 */
import type { Machine } from './machine.ts'
import type { Row } from './rows.ts'
import type { Found, Scenario } from './scenario.ts'

export const RATIO_HEADER = 'ratio (>1: ours is better)'

const COLUMNS = ['metric', 'subject', 'value', 'unit', RATIO_HEADER] as const

/** The machine, an empty line, and a markdown table with aligned columns. */
export function table(machine: Machine, scenario: string, rows: readonly Row[]): string {
  const lines = [
    COLUMNS,
    ...rows.map(({ metric, subject, value, unit, ratio, why }) => [
      metric,
      subject,
      value === null ? '' : figure(value),
      why?.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ') ?? unit,
      ratio === null ? '' : `${figure(ratio)}x`,
    ]),
  ]
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map(line => (line[column] ?? '').length)))
  const text = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 2 || i === 4 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join(' | ')} |`
  const rule = `| ${widths.map((width, i) => (i === 2 || i === 4 ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join(' | ')} |`
  const [head = [], ...body] = lines
  return [machineLine(machine, scenario), '', text(head), rule, ...body.map(text)].join('\n')
}

/** What one process has found, on one line, for who watches. */
export function resultLine({ metrics }: Pick<Scenario, 'metrics'>, found: Found): string {
  if ('unavailable' in found) return `  not measured: ${found.unavailable}`
  const { values, asked, answered } = found
  const figures = metrics.flatMap(({ name, unit }) => {
    const value = values[name]
    return value === undefined ? [] : [`${name} ${figure(value)} ${unit}`]
  })
  return `  ${[...figures, `lost ${asked - answered} of ${asked}`].join(', ')}`
}

/** Three significant digits, no exponent; counts as they are. */
export function figure(value: number): string {
  if (Number.isInteger(value)) return String(value)
  const size = Math.floor(Math.log10(Math.abs(value)))
  return value.toFixed(Math.min(6, Math.max(0, 2 - size)))
}

/** `{ machine, scenario, rows }` on one line. Throws when a figure is not a finite number: JSON would hide it. */
export function json(machine: Machine, scenario: string, rows: readonly Row[]): string {
  for (const { subject, metric, value, ratio } of rows) {
    if ((value === null || Number.isFinite(value)) && (ratio === null || Number.isFinite(ratio))) continue
    throw new RangeError(`"${metric}" of "${subject}" is ${value}, its ratio ${ratio}`)
  }
  return JSON.stringify({ machine, scenario, rows })
}

const machineLine = ({ cpu, cores, node, date }: Machine, scenario: string): string =>
  `${scenario}: ${cpu}, ${cores} cores, Node ${node}, ${date}`
