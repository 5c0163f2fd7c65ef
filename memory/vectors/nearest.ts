/**
 * The `k` best of many scored numbers, kept while they come by: a heap with the worst on top. Equal scores go to the
 * higher (newer) number, as in the word index. Called by `vector-index.ts`.
 */
import type { Scored } from '../recall/recall-index.ts'

export interface Nearest {
  /** What a score must beat to be taken (or equal, by a higher number); -Infinity while there is room. */
  readonly bar: number
  offer(doc: number, score: number): void
  /** Best first. */
  sorted(): readonly Scored[]
}

export function nearest(k: number): Nearest {
  const heap: Scored[] = []
  return {
    get bar() {
      return heap.length < k
        ? Number.NEGATIVE_INFINITY
        : ((heap[0]?.score ?? Number.POSITIVE_INFINITY) as number)
    },
    offer(doc, score) {
      const one = { doc, score }
      if (heap.length < k) rise(heap, heap.push(one) - 1)
      else if (heap[0] && isWorse(heap[0], one)) sink(heap, one)
    },
    sorted: () => [...heap].sort((a, b) => (isWorse(a, b) ? 1 : -1)),
  }
}

const isWorse = (a: Scored, b: Scored): boolean => a.score < b.score || (a.score === b.score && a.doc < b.doc)

function rise(heap: Scored[], from: number): void {
  for (let at = from; at > 0; ) {
    const parent = (at - 1) >> 1
    const [one, above] = [heap[at] as Scored, heap[parent] as Scored]
    if (!isWorse(one, above)) return
    heap[at] = above
    heap[parent] = one
    at = parent
  }
}

/** `one` takes the place of the worst. */
function sink(heap: Scored[], one: Scored): void {
  let at = 0
  for (let child = 1; child < heap.length; child = at * 2 + 1) {
    const [left, right] = [heap[child] as Scored, heap[child + 1]]
    const worse = right && isWorse(right, left) ? child + 1 : child
    if (!isWorse(heap[worse] as Scored, one)) break
    heap[at] = heap[worse] as Scored
    at = worse
  }
  heap[at] = one
}
