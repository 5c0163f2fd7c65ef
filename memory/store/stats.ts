/** `stats`: counted while writing, the rest by looking through the index. */
import type { MemoryVectors, NamespaceStats } from '../memory.ts'
import { familyRange } from './keys.ts'
import type { Space } from './space.ts'

const SLICE = 50_000

export async function stats(space: Space): Promise<NamespaceStats> {
  const { counters, index, name } = space
  const { episodes, facts, insights, sessions, waiting, forgotten } = counters
  const people = new Set<number>()
  let oldest = Number.POSITIVE_INFINITY
  let newest = Number.NEGATIVE_INFINITY
  for (let doc = 0; doc < index.end; doc++) {
    if (doc % SLICE === SLICE - 1) await new Promise(resolve => setImmediate(resolve))
    if (!index.alive(doc)) continue
    const at = index.at(doc)
    if (at < oldest) oldest = at
    if (at > newest) newest = at
    people.add(index.who(doc))
  }
  people.delete(0)
  return {
    namespace: name,
    episodes,
    facts,
    current: await currentFacts(space),
    insights,
    sessions,
    people: people.size,
    waiting,
    forgottenSincePurge: forgotten,
    ...(oldest <= newest && { oldest, newest }),
    indexBytes: index.bytes,
    ...vectorsOf(space),
  }
}

function vectorsOf({ vectors, index }: Space): { readonly vectors?: MemoryVectors } {
  if (!vectors) return {}
  const { model, dimensions, vectors: stored, refused, foreign, foreignModels, failed } = vectors.stats()
  return {
    vectors: {
      ...(model !== undefined && { model }),
      ...(dimensions !== undefined && { dimensions }),
      ...{ stored, missing: index.live - stored, refused, foreign, foreignModels },
      ...(failed && { failed }),
    },
  }
}

/** Whether a fact holds stands in its key's value. */
async function currentFacts({ shared, number }: Space): Promise<number> {
  if (number < 0) return 0
  const now = shared.clock()
  let current = 0
  for await (const [, value] of shared.store.range(familyRange('f', number))) {
    if (value.length !== 16) continue
    const view = new DataView(value.buffer, value.byteOffset, 16)
    if (view.getFloat64(0) <= now && now < view.getFloat64(8)) current++
  }
  return current
}
