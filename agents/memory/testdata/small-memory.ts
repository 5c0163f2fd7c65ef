/**
 * A memory in a few arrays, for tests of what stands above it: no disk, no index, recall by shared words. It is as
 * strict about keys as the store is, keeps a log of its calls, and fails or waits when a test says so.
 */
import { RuntimeError } from '../../../actors/errors.ts'
import type {
  Hit,
  Memory,
  MemoryFilter,
  MemoryRecord,
  Namespace,
  NewMemory,
  Trust,
} from '../../../memory/memory.ts'

export interface SmallMemory extends Memory {
  /** `namespace.method`, in order. */
  readonly log: readonly string[]
  /** What stands in a namespace. */
  all(namespace: string): readonly MemoryRecord[]
  /** Called before every call: it may throw, or wait. */
  before?: ((method: string, namespace: string) => unknown) | undefined
  /** Called when a write has happened. */
  after?: ((method: string, namespace: string) => unknown) | undefined
}

interface Space {
  records: MemoryRecord[]
  readonly keys: Map<string, readonly string[]>
  readonly waiting: Set<string>
}

interface Place {
  /** Notes the call, lets the test interfere, and gives what there is. */
  called(method: string): Promise<Space>
  written(method: string): Promise<void>
  record(memory: NewMemory): MemoryRecord
  now(): number
}

/** `now`: absolute ms. */
export function smallMemory(now: () => number = () => 0, dir = '/small'): SmallMemory {
  const spaces = new Map<string, Space>()
  const log: string[] = []
  let ids = 0
  const spaceOf = (name: string): Space => {
    const found = spaces.get(name) ?? { records: [], keys: new Map(), waiting: new Set() }
    spaces.set(name, found)
    return found
  }
  const record = (one: NewMemory): MemoryRecord => {
    const id = `m${++ids}`
    return { kind: 'episode', importance: 0.5, trust: 'untrusted', at: now(), ...one, id, storedAt: now() }
  }
  const memory: SmallMemory = {
    dir,
    role: 'owner',
    log,
    namespace(name) {
      if (!/^[\w-]+$/.test(name)) throw new RuntimeError('input-invalid', `"${name}" is no namespace`)
      const called = async (method: string): Promise<Space> => {
        log.push(`${name}.${method}`)
        await memory.before?.(method, name)
        return spaceOf(name)
      }
      const written = async (method: string): Promise<void> => void (await memory.after?.(method, name))
      const place = { called, written, record, now }
      return { name, ...reading(place, name), ...writing(place), ...consolidating(place) }
    },
    namespaces: async () => [...spaces.keys()].sort(),
    all: name => spaceOf(name).records,
    close: async () => {},
  }
  return memory
}

const unsupported = (): never => {
  throw new Error('the small memory cannot do that')
}

function reading({ called }: Place, name: string) {
  const count = {
    facts: 0,
    current: 0,
    insights: 0,
    sessions: 0,
    people: 0,
    forgottenSincePurge: 0,
    indexBytes: 0,
  }
  return {
    get: async id => (await called('get')).records.find(one => one.id === id),
    list: async ({ limit = 50, ...filter } = {}) => ({
      memories: (await called('list')).records.filter(one => fits(one, filter)).slice(0, limit),
    }),
    recent: async ({ limit = 10, session } = {}) =>
      (await called('recent')).records
        .filter(one => one.kind === 'episode' && (session === undefined || one.session === session))
        .slice(-limit),
    async recall(query, { limit = 10, ...filter } = {}) {
      const wanted = words(query)
      return (await called('recall')).records
        .filter(one => fits(one, filter))
        .map(one => ({ ...one, score: words(one.text).filter(word => wanted.includes(word)).length / 10 }))
        .filter(one => one.score > 0)
        .sort((a, b) => b.score - a.score)
        .slice(0, limit) as Hit[]
    },
    facts: async subject =>
      (await called('facts')).records.filter(
        one => one.kind === 'fact' && (subject === undefined || one.fact?.subject === subject),
      ),
    history: unsupported,
    export: unsupported,
    async stats() {
      const { records, waiting } = await called('stats')
      return { ...count, namespace: name, episodes: records.length, waiting: waiting.size }
    },
    verify: async () => ({ memories: (await called('verify')).records.length, problems: [] }),
  } satisfies Partial<Namespace>
}

function writing({ called, written, record }: Place) {
  const rememberAll: Namespace['rememberAll'] = async (given, { key } = {}) => {
    const space = await called('rememberAll')
    const known = key === undefined ? undefined : space.keys.get(key)
    if (known) return known
    if (given.some(one => !one.text)) throw new RuntimeError('input-invalid', 'a memory without a text')
    const records = given.map(record)
    space.records.push(...records)
    for (const one of records) if (one.kind === 'episode') space.waiting.add(one.id)
    const made = records.map(one => one.id)
    if (key !== undefined) space.keys.set(key, made)
    await written('rememberAll')
    return made
  }
  return {
    rememberAll,
    remember: async (one, options) => (await rememberAll([one], options))[0] as string,
    async update(id, { text }) {
      const space = await called('update')
      const old = space.records.find(one => one.id === id)
      if (!old) throw new RuntimeError('memory-unknown', `there is no memory "${id}"`)
      const next = { ...old, ...(text !== undefined && { text }) }
      space.records = space.records.map(one => (one === old ? next : one))
      return next
    },
    async forget(what) {
      const space = await called('forget')
      const before = space.records.length
      space.records = space.records.filter(one =>
        typeof what === 'string' ? one.id !== what : !fits(one, what),
      )
      return { memories: before - space.records.length, derived: 0 }
    },
    purge: async () => ({ memories: 0, before: (await called('purge')).records.length, after: 0 }),
    import: unsupported,
  } satisfies Partial<Namespace>
}

const NONE = { episodes: 0, facts: 0, insights: 0, ended: 0, dropped: 0, waiting: 0 }

function consolidating({ called, written, record, now }: Place) {
  return {
    async consolidate({ limit = 100 } = {}) {
      const { waiting } = await called('consolidate')
      const seen = [...waiting].slice(0, limit)
      for (const id of seen) waiting.delete(id)
      return { ...NONE, episodes: seen.length, by: 'extraction', waiting: waiting.size }
    },
    async pending({ limit = 100 } = {}) {
      const { records, waiting } = await called('pending')
      const episodes = records.filter(one => waiting.has(one.id)).slice(0, limit)
      const facts = records.filter(one => one.kind === 'fact')
      return episodes.length === 0 ? undefined : { episodes, facts, insights: [], now: now() }
    },
    async apply({ facts, by }, seen) {
      const { records, waiting } = await called('apply')
      const made = facts
        .filter(one => one.from.every(id => waiting.has(id)))
        .map(({ text, from, statement }) => record({ text, kind: 'fact', from, by, fact: statement }))
      records.push(...made)
      const episodes = seen.filter(id => waiting.delete(id)).length
      await written('apply')
      return { ...NONE, episodes, facts: made.length, by, waiting: waiting.size }
    },
  } satisfies Partial<Namespace>
}

const words = (text: string): readonly string[] => text.toLowerCase().match(/\p{L}{3,}/gu) ?? []

const TRUST: readonly Trust[] = ['untrusted', 'agent', 'trusted']

const fits = (
  { at, who, session, trust, kind }: MemoryRecord,
  { since = -Infinity, until = Infinity, minTrust = 'untrusted', ...filter }: MemoryFilter,
): boolean =>
  at >= since &&
  at < until &&
  TRUST.indexOf(trust) >= TRUST.indexOf(minTrust) &&
  (filter.kinds?.includes(kind) ?? true) &&
  (filter.who === undefined || filter.who === who) &&
  (filter.session === undefined || filter.session === session)
