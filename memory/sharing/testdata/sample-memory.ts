/**
 * A memory in the memory of its process, for the tests of the protocol: it keeps texts, finds words, knows request
 * keys, and can be made to wait or fail. Several "owners" over one `Shelf` are one after the other on one directory.
 */
import { RuntimeError } from '../../../actors/errors.ts'
import type { MemoryRecord, Namespace, NewMemory, RememberOptions } from '../../memory.ts'
import type { OwnedMemory } from '../calls.ts'

export interface Shelf {
  readonly spaces: Map<string, Map<string, MemoryRecord>>
  /** Ids given, by request key. */
  readonly keys: Map<string, string>
}

export const emptyShelf = (): Shelf => ({ spaces: new Map(), keys: new Map() })

export interface SampleMemory extends OwnedMemory {
  /** Calls that came, as `method` and its arguments. */
  readonly calls: (readonly [method: string, ...args: readonly unknown[]])[]
  isClosed(): boolean
}

/** `before` runs before each call, and may wait or throw. */
export function sampleMemory(
  shelf: Shelf,
  before: (method: string) => Promise<unknown> | unknown = () => {},
): SampleMemory {
  const calls: SampleMemory['calls'] = []
  let isClosed = false
  const did = async (method: string, ...args: readonly unknown[]): Promise<void> => {
    calls.push([method, ...args])
    await before(method)
  }
  return {
    calls,
    isClosed: () => isClosed,
    namespace: name => sampleNamespace(name, shelf, did),
    async namespaces() {
      await did('namespaces')
      return [...shelf.spaces.keys()]
    },
    async close() {
      isClosed = true
    },
  }
}

type Did = (method: string, ...args: readonly unknown[]) => Promise<void>

/** What stands in one namespace, and the adding to it. */
function drawerOf(name: string, { spaces, keys }: Shelf) {
  const records = (): Map<string, MemoryRecord> => {
    const known = spaces.get(name) ?? new Map<string, MemoryRecord>()
    spaces.set(name, known)
    return known
  }
  const put = ({ text }: NewMemory, { key }: RememberOptions = {}): string => {
    if (typeof text !== 'string') throw new RuntimeError('input-invalid', 'a memory needs a text')
    const before = key === undefined ? undefined : keys.get(key)
    if (before !== undefined) return before
    const id = `m${records().size + 1}`
    const rest = { kind: 'episode', at: 0, importance: 0.5, trust: 'untrusted', storedAt: 0 } as const
    records().set(id, { id, text, ...rest })
    if (key !== undefined) keys.set(key, id)
    return id
  }
  return { records, put }
}

const absent = async (): Promise<never> => {
  throw new RuntimeError('internal', 'not in the sample memory')
}

function sampleNamespace(name: string, shelf: Shelf, did: Did): Namespace {
  const { records: space, put } = drawerOf(name, shelf)
  return {
    name,
    async remember(memory, options) {
      await did('remember', memory, options)
      return put(memory, options)
    },
    async rememberAll(memories, options) {
      await did('rememberAll', memories, options)
      return memories.map((memory, i) => put(memory, options?.key ? { key: `${options.key}.${i}` } : {}))
    },
    async get(id) {
      await did('get', id)
      return space().get(id)
    },
    async list(options) {
      await did('list', options)
      return { memories: [...space().values()] }
    },
    async recall(query, options) {
      await did('recall', query, options)
      return [...space().values()]
        .filter(({ text }) => text.includes(query))
        .map(({ importance, storedAt, ...record }) => ({ ...record, score: 1 }))
    },
    async facts(subject, options) {
      await did('facts', subject, options)
      return []
    },
    export: async function* () {
      await did('export')
      yield JSON.stringify({ format: 'sample' })
      for (const { text } of space().values()) yield text
    },
    async import(lines, options) {
      await did('import', options)
      const given: string[] = []
      for await (const line of lines) given.push(line)
      let imported = 0
      for (const text of given.slice(1)) {
        if ([...space().values()].some(record => record.text === text)) continue
        put({ text })
        imported++
      }
      return { imported, known: Math.max(0, given.length - 1) - imported }
    },
    async update(id, patch) {
      await did('update', id, patch)
      throw new RuntimeError('input-invalid', 'no such memory', { details: { id }, fix: 'look it up' })
    },
    async stats() {
      await did('stats')
      throw new TypeError('a fault of the sample')
    },
    recent: absent,
    history: absent,
    consolidate: absent,
    pending: absent,
    apply: absent,
    forget: absent,
    purge: absent,
    verify: absent,
  }
}
