/**
 * Who is subscribed to a subject, without asking every subscription: a tree with one level per token, as
 * the NATS server's sublist. The in-process bus asks it for each message. It keeps no order and no cache.
 */

export interface SubjectIndex<T> {
  add(pattern: string, value: T): void
  /** Forgets `value` under `pattern`, and what only that pattern needed. */
  remove(pattern: string, value: T): void
  /** Every value whose pattern covers `subject`. Patterns and subjects are checked by the caller. */
  match(subject: string): readonly T[]
  /** True when nothing is left of what was added: a bus that lives long must not grow by its past. */
  isEmpty(): boolean
}

interface Level<T> {
  /** By token; `*` and `>` are keys like others, for no token of a subject is spelled so. */
  readonly next: Map<string, Level<T>>
  /** Values whose pattern ends here. */
  readonly values: Set<T>
}

const newLevel = <T>(): Level<T> => ({ next: new Map(), values: new Set() })

export function createSubjectIndex<T>(): SubjectIndex<T> {
  const root = newLevel<T>()
  return {
    add: (pattern, value) => insert(root, pattern.split('.'), value),
    remove: (pattern, value) => void erase(root, pattern.split('.'), 0, value),
    match(subject) {
      const found: T[] = []
      collect(root, subject.split('.'), 0, found)
      return found
    },
    isEmpty: () => isBare(root),
  }
}

function insert<T>(root: Level<T>, tokens: readonly string[], value: T): void {
  let level = root
  for (const token of tokens) {
    let next = level.next.get(token)
    if (next === undefined) {
      next = newLevel()
      level.next.set(token, next)
    }
    level = next
  }
  level.values.add(value)
}

function erase<T>(level: Level<T>, tokens: readonly string[], depth: number, value: T): void {
  const token = tokens[depth]
  if (token === undefined) {
    level.values.delete(value)
    return
  }
  const next = level.next.get(token)
  if (next === undefined) return
  erase(next, tokens, depth + 1, value)
  if (isBare(next)) level.next.delete(token)
}

function collect<T>(level: Level<T>, tokens: readonly string[], depth: number, found: T[]): void {
  const token = tokens[depth]
  if (token === undefined) {
    for (const value of level.values) found.push(value)
    return
  }
  const rest = level.next.get('>')
  if (rest !== undefined) for (const value of rest.values) found.push(value)
  const any = level.next.get('*')
  if (any !== undefined) collect(any, tokens, depth + 1, found)
  const exact = level.next.get(token)
  if (exact !== undefined) collect(exact, tokens, depth + 1, found)
}

const isBare = <T>(level: Level<T>): boolean => level.next.size === 0 && level.values.size === 0
