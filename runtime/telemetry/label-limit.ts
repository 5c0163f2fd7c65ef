/**
 * Keeps metric labels bounded. Label values come from definitions (types, names, codes), but a definition can
 * be made at run time; whatever happens, a label takes at most so many values, and the rest share `other`.
 */

const MAX_LENGTH = 100

export type LabelLimit = (label: string, value: unknown) => string

/** `value` itself while `label` has had fewer than `max` values, then `other`. A value once seen stays itself. */
export function createLabelLimit(max = 200): LabelLimit {
  const seen = new Map<string, Set<string>>()
  return (label, value) => {
    const text = typeof value === 'string' && value !== '' ? value.slice(0, MAX_LENGTH) : 'unknown'
    const values = seen.get(label) ?? new Set()
    seen.set(label, values)
    if (values.has(text)) return text
    if (values.size >= max) return 'other'
    values.add(text)
    return text
  }
}
