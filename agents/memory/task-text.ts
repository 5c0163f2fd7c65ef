/**
 * A task's input or output as text: what to look up in a memory, and what to keep there. Pure.
 */
import type { Plain } from '../../actors/plain.ts'

const MOST_LEAVES = 500
const MOST_LEVELS = 8

interface Leaf {
  readonly path: string
  readonly value: string | number | boolean
}

/** The text fields of `value`, one a line: what a task is about. At most `most` characters. */
export function textFields(value: Plain, most: number): string {
  const texts = leaves(value).flatMap(({ value: one }) =>
    typeof one === 'string' && /\p{L}/u.test(one) ? [one] : [],
  )
  return texts.join('\n').slice(0, most).toWellFormed()
}

/** `value` in words: a lone text as it is, else a line for each field. At most `most` characters, at least one. */
export function inWords(value: Plain, most: number): string {
  const all = leaves(value)
  const [only] = all
  const lone = all.length === 1 && typeof only?.value === 'string' ? only.value : undefined
  const text =
    lone ?? all.map(({ path, value: one }) => (path === '' ? `${one}` : `${path}: ${one}`)).join('\n')
  const kept = text.length <= most ? text : `${text.slice(0, most - 1)}…`
  return kept.toWellFormed().trim() || '(nothing)'
}

/** Texts, numbers and truths with where they stand, in order, no deeper and no more than makes sense as text. */
function leaves(value: Plain): readonly Leaf[] {
  const found: Leaf[] = []
  const visit = (one: Plain, path: string, level: number): void => {
    if (found.length >= MOST_LEAVES || one === null || one instanceof Uint8Array || level > MOST_LEVELS)
      return
    if (typeof one !== 'object') found.push({ path, value: one })
    else
      for (const [key, member] of Object.entries(one))
        visit(
          member,
          Array.isArray(one) || path === '' ? (Array.isArray(one) ? path : key) : `${path}.${key}`,
          level + 1,
        )
  }
  visit(value, '', 0)
  return found
}
