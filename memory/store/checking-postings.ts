/**
 * The index against a fresh analysis of the texts. Called by `checking.ts` for each record, and once in the end for
 * what only the index knows.
 */
import type { QueryTerm } from '../recall/recall-index.ts'
import { indexEntry } from './changing.ts'
import { isId } from './input.ts'
import type { StoredRecord } from './records.ts'
import { placeOf, type Space } from './space.ts'

interface Found {
  readonly problems: string[]
}

export interface PostingsCheck {
  /** Numbers in the index of the records that were read. */
  readonly docs: Set<number>
  /** In how many of them each term stands. */
  readonly frequencies: Map<number, number>
  add(space: Space, found: Found, record: StoredRecord): void
}

export function postingsCheck(): PostingsCheck {
  const docs = new Set<number>()
  const frequencies = new Map<number, number>()
  return {
    docs,
    frequencies,
    add(space, { problems }, record) {
      docs.add(record.doc)
      const { index, shared } = space
      const { hashes, counts, length, flags } = shared.analyse(indexEntry(record))
      const times = new Map<number, number>()
      for (let at = 0; at < hashes.length; at++) {
        const hash = hashes[at] as number
        times.set(hash, (times.get(hash) ?? 0) + Math.max(1, counts?.[at] ?? 1))
      }
      for (const hash of times.keys()) frequencies.set(hash, (frequencies.get(hash) ?? 0) + 1)
      const { doc } = record
      const wrong = [
        !isId(record.id) && 'id',
        !index.alive(doc) && 'life',
        index.kind(doc) !== record.kind && 'kind',
        index.trust(doc) !== record.trust && 'trust',
        index.at(doc) !== record.at && 'time',
        index.who(doc) !== record.speaker && 'speaker',
        index.session(doc) !== record.first && 'session',
        index.flags(doc) !== flags && 'flags',
        index.length(doc) !== Math.min(length, 0xffff) && 'length',
        !hasPostings(space, doc, times) && 'postings',
      ].filter(one => one !== false)
      if (wrong.length > 0) problems.push(`the index has other ${wrong.join(', ')} of memory ${record.place}`)
    },
  }
}

function hasPostings({ index }: Space, doc: number, times: ReadonlyMap<number, number>): boolean {
  const terms: QueryTerm[] = [...times.keys()].map(hash => ({ hash, weight: 1 }))
  const found = index.frequencies(terms, Uint32Array.of(doc))
  return terms.every(({ hash }, at) => found[at] === Math.min(255, times.get(hash) ?? 0))
}

interface Checked extends Found {
  readonly space: Space
  readonly postings: PostingsCheck
}

/** What the index has and no record says. */
export function checkPostings({ space, problems, postings }: Checked, until: number): void {
  const { index } = space
  let live = 0
  for (let doc = 0; doc < Math.min(until, index.end); doc++) {
    if (!index.alive(doc)) continue
    live++
    if (!postings.docs.has(doc))
      problems.push(`the index has memory ${placeOf(space, doc)}, which is not there`)
  }
  const isAll = live === index.live && postings.docs.size === live
  const isExact = isAll && space.counters.forgotten === 0 && space.placeOfMoved.size === 0
  for (const [hash, count] of postings.frequencies) {
    const said = index.documentFrequency(hash)
    // Postings of what was forgotten stay until the next purge.
    const isWrong = said < count || (isExact && said > count)
    if (isWrong) problems.push(`term ${hash} stands in ${count} memories, and the index says ${said}`)
    if (problems.length > 100) return
  }
}
