/**
 * Records of runs as JSON, handed out in parts because results may be larger than a message. The text is kept while
 * somebody fetches it: it is made once, and does not change between two parts. One for all partitions of a node.
 */
import type { Cancel, Clock } from '../../actors/clock.ts'
import type { Plain } from '../../actors/plain.ts'

export interface RunTexts {
  /** A part that begins at character `at`, of what `load` gives; `null` when that is nothing. */
  part(id: string, at: number, load: () => Promise<object | undefined>): Promise<Plain>
  close(): void
}

/** Characters that go over at a time. */
const PART = 100_000
/** Kept at a time, and characters of them; one that is being fetched is kept however long it is. */
const MOST = 8
const MOST_CHARACTERS = 32 * 1024 * 1024
/** Nobody comes for the rest after that long, ms. */
const KEPT_MS = 10_000

/** Where `text` may be cut at `end`: half of a character could not be sent. */
const wholeCharacter = (text: string, end: number): number =>
  /[\ud800-\udbff]/.test(text.charAt(end - 1)) ? end - 1 : end

export function runTexts(clock: Clock): RunTexts {
  /** Those that were asked for last come last. */
  const kept = new Map<string, { readonly text: string; readonly forget: Cancel }>()
  const forget = (id: string): void => {
    kept.get(id)?.forget()
    kept.delete(id)
  }
  const keep = (id: string, text: string): void => {
    forget(id)
    kept.set(id, { text, forget: clock.at(clock.now() + KEPT_MS, () => forget(id)) })
    let characters = [...kept.values()].reduce((sum, one) => sum + one.text.length, 0)
    for (const [oldest, { text: its }] of kept) {
      if (oldest === id || (kept.size <= MOST && characters <= MOST_CHARACTERS)) return
      characters -= its.length
      forget(oldest)
    }
  }
  return {
    async part(id, at, load) {
      const found = at > 0 ? kept.get(id)?.text : undefined
      const record = found === undefined ? await load() : undefined
      if (found === undefined && !record) return null
      const text = found ?? JSON.stringify(record)
      const end = wholeCharacter(text, at + PART)
      // What is lost on the way is asked for again: then it is made anew.
      if (end < text.length) keep(id, text)
      else forget(id)
      return { text: text.slice(at, end), total: text.length }
    },
    close() {
      for (const id of kept.keys()) forget(id)
    },
  }
}
