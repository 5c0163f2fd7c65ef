/**
 * The vectors of a namespace, when the memory has an embedder: read at opening, made in the background after the
 * memories, written under their numbers in the index. Called by `opening.ts`; told of changes by `changing.ts`.
 */
import type { Op } from '../level.ts'
import type { EmbeddedMemory } from '../vectors/embedding-queue.ts'
import { type NamespaceVectors, openNamespaceVectors } from '../vectors/namespace-vectors.ts'
import { writeOps } from './changing.ts'
import { familyRange, unhex, vectorKey } from './keys.ts'
import { readableRecord } from './reading.ts'
import { inTurn, placeOf, type Space } from './space.ts'

/** Undefined without an embedder. */
export async function openVectors(space: Space): Promise<NamespaceVectors | undefined> {
  const { embedder } = space.shared
  if (!embedder) return undefined
  const vectors = openNamespaceVectors({
    shared: embedder,
    stored: await storedVectors(space),
    docs: aliveDocs(space),
    texts: async docs => docs.map(doc => textOf(space, doc)),
    save: some => inTurn(space, () => save(space, some)),
  })
  if (vectors.stats().mismatch && embedder.embedsAgain) {
    await deleteVectors(space)
    vectors.embedAgain(aliveDocs(space))
  }
  return vectors
}

async function storedVectors({ shared, number, index }: Space): Promise<readonly EmbeddedMemory[]> {
  const stored: EmbeddedMemory[] = []
  if (number < 0) return stored
  for await (const [key, bytes] of shared.store.range(familyRange('b', number))) {
    const doc = unhex(key.slice(-8))
    if (index.alive(doc)) stored.push({ doc, bytes })
  }
  return stored
}

function* aliveDocs({ index }: Space): Generator<number> {
  for (let doc = 0; doc < index.end; doc++) if (index.alive(doc)) yield doc
}

function textOf(space: Space, doc: number): string | undefined {
  const record = space.index.alive(doc) ? readableRecord(space, placeOf(space, doc)) : undefined
  if (!record) return undefined
  return record.who === undefined ? record.text : `${record.who}: ${record.text}`
}

/** Within a turn, so that nothing that is being forgotten gets its vector back. */
async function save(space: Space, vectors: readonly EmbeddedMemory[]): Promise<readonly number[]> {
  const there = vectors.filter(({ doc }) => space.index.alive(doc))
  const ops = there.map(
    ({ doc, bytes }): Op => ({ type: 'put', key: vectorKey(space.number, doc), value: bytes }),
  )
  if (ops.length > 0) await writeOps(space, ops)
  return there.map(({ doc }) => doc)
}

async function deleteVectors({ shared, number }: Space): Promise<void> {
  const ops: Op[] = []
  for await (const [key] of shared.store.range(familyRange('b', number))) ops.push({ type: 'del', key })
  await shared.store.batch(ops)
}
