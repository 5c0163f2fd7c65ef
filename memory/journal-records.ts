/**
 * The small store beside the actors, in the same file and the same order of writes. Part of the journal on disk.
 * Each value has a checksum over its key too, and its hash is part of what the store is known to hold.
 */
import type { RuntimeError } from '../actors/errors.ts'
import type { Records } from '../actors/journal.ts'
import type { Plain } from '../actors/plain.ts'
import { type Hash, hashOf, openRecord, sealRecord, UNCHAINED } from './chained-record.ts'
import { corruption, type Damage } from './damage.ts'
import { decodeRecord } from './encoder.ts'
import { moveRecord } from './heads.ts'
import { checkedName, recordKey, recordRange } from './journal-keys.ts'
import type { JournalState } from './journal-state.ts'

export function recordsOf(state: JournalState): Records {
  const keyOf = (kind: string, id: string): string =>
    recordKey(checkedName(kind, 'kind'), checkedName(id, 'id'))
  return {
    async put(kind, id, value, { sync = false } = {}) {
      const key = keyOf(kind, id)
      const sealed = sealRecord(key, UNCHAINED, state.encoder.encode(value))
      const reopened = state.ready()
      if (reopened) await reopened
      moveRecord(state.heads, key, hashOf(sealed))
      await state.write([{ type: 'put', key, value: sealed }], sync)
    },
    async get(kind, id) {
      const key = keyOf(kind, id)
      const reopened = state.ready()
      if (reopened) await reopened
      const expected = state.heads.records.get(key)
      if (expected === undefined) return undefined
      const value = await state.get(key)
      const isUntouched = state.heads.records.get(key) === expected
      if (value) return opened(state, kind, key, value, isUntouched ? expected : undefined)
      if (isUntouched) throw damaged(state, kind, key, 'heads')
      return undefined
    },
    async *list(kind, after) {
      checkedName(kind, 'kind')
      const reopened = state.ready()
      if (reopened) await reopened
      // No id has a NUL, so nothing stands between an id and itself with one.
      const range = {
        ...recordRange(kind),
        ...(after !== undefined && { from: `${keyOf(kind, after)}\0` }),
      }
      for await (const [key, value] of state.entries(range)) {
        yield [idOf(kind, key), opened(state, kind, key, value, undefined)]
      }
    },
    async remove(kind, id) {
      const key = keyOf(kind, id)
      const reopened = state.ready()
      if (reopened) await reopened
      if (!state.heads.records.has(key)) return
      moveRecord(state.heads, key, undefined)
      await state.write([{ type: 'del', key }], true)
    },
  }
}

const idOf = (kind: string, key: string): string => key.slice(recordRange(kind).from.length)

/** The value in a record; `expected` is its hash where it is known. */
function opened(
  state: JournalState,
  kind: string,
  key: string,
  value: Uint8Array,
  expected: Hash | undefined,
): Plain {
  const record = openRecord(key, value)
  if ('damage' in record) throw damaged(state, kind, key, record.damage)
  if (expected !== undefined && record.own !== expected) throw damaged(state, kind, key, 'heads')
  const decoded = decodeRecord(state.encoder, record.body)
  if (!decoded) throw damaged(state, kind, key, 'unreadable')
  return decoded.value
}

const damaged = (state: JournalState, kind: string, key: string, what: Damage): RuntimeError =>
  corruption(state.store.dir, [{ what, record: [kind, idOf(kind, key)] }])
