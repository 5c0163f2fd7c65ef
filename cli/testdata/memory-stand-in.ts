/**
 * A memory without a disk, for tests of the commands: keeps records in order, finds by whole words, and does what is
 * asked of it and nothing clever. What it was asked is in `calls`.
 */
import { RuntimeError } from '../../actors/errors.ts'
import type {
  Hit,
  ListOptions,
  Memory,
  MemoryFilter,
  MemoryRecord,
  Namespace,
  NewMemory,
} from '../../memory/memory.ts'
import type { MemoryOpener } from '../memory-dir.ts'

export interface StandIn {
  readonly opener: MemoryOpener
  readonly calls: readonly (readonly [string, ...unknown[]])[]
  /** Of `verify`, by namespace. */
  readonly problems: Map<string, readonly string[]>
  records(namespace: string): readonly MemoryRecord[]
}

export const NOON = Date.parse('2026-11-22T12:00:00Z')

interface Held {
  readonly records: Map<string, MemoryRecord[]>
  readonly calls: (readonly [string, ...unknown[]])[]
  readonly problems: Map<string, readonly string[]>
  newId(): string
}

export function memoryStandIn(): StandIn {
  let made = 0
  let opened = false
  const held: Held = {
    records: new Map(),
    calls: [],
    problems: new Map(),
    newId: () => `m${String(++made).padStart(3, '0')}-${'abcdefgh'.repeat(2)}`,
  }
  const memory: Memory = {
    dir: '/stand-in',
    role: 'owner',
    namespace: name => namespaceOf(name, held),
    namespaces: async () => [...held.records].filter(([, of]) => of.length > 0).map(([name]) => name),
    close: async () => void held.calls.push(['close']),
  }
  const opener: MemoryOpener = {
    holds: async () => opened || held.records.size > 0,
    open: async () => {
      opened = true
      return memory
    },
    reach: async () => memory,
  }
  return {
    opener,
    calls: held.calls,
    problems: held.problems,
    records: name => held.records.get(name) ?? [],
  }
}

interface Space extends Held {
  readonly name: string
  all(): readonly MemoryRecord[]
  put(all: readonly MemoryRecord[]): void
  note(call: string, ...given: readonly unknown[]): void
}

function namespaceOf(name: string, held: Held): Namespace {
  const space: Space = {
    ...held,
    name,
    all: () => held.records.get(name) ?? [],
    put: all => void held.records.set(name, [...all]),
    note: (call, ...given) => void held.calls.push([call, ...given]),
  }
  return { name, ...reading(space), ...changing(space), ...moving(space), ...counting(space) }
}

const reading = ({ all, note }: Space) =>
  ({
    get: async id => all().find(one => one.id === id),
    list: async (options = {}) => {
      note('list', options)
      return pageOf(all(), options)
    },
    recent: async ({ limit = 10, session } = {}) =>
      all()
        .filter(one => one.kind === 'episode' && (session === undefined || one.session === session))
        .slice(-limit),
    recall: async (query, options = {}) => {
      note('recall', query, options)
      return hitsOf(query, all().filter(matches(options))).slice(0, options.limit ?? 10)
    },
    facts: async (subject, options = {}) => {
      note('facts', subject, options)
      const at = options.at ?? NOON
      return all().filter(
        one =>
          one.fact !== undefined &&
          (subject === undefined || one.fact.subject === subject) &&
          (one.validFrom ?? 0) <= at &&
          (one.validUntil ?? Number.POSITIVE_INFINITY) > at,
      )
    },
    history: async id => {
      const asked = all().find(one => one.id === id)?.fact
      return all()
        .filter(({ fact }) => fact?.subject === asked?.subject && fact?.predicate === asked?.predicate)
        .map(fact => ({ fact, evidence: all().filter(({ id: source }) => fact.from?.includes(source)) }))
    },
  }) satisfies Partial<Namespace>

function changing({ all, put, note, calls, newId }: Space) {
  const remember = async (memory: NewMemory): Promise<string> => {
    note('remember', memory)
    const id = newId()
    const { at = NOON, kind = 'episode', trust = 'untrusted', importance = 0.5 } = memory
    const facts = kind === 'fact' ? { validFrom: memory.validFrom ?? at } : {}
    put([...all(), { ...memory, ...facts, id, at, kind, trust, importance, storedAt: NOON }])
    return id
  }
  return {
    remember,
    rememberAll: async memories => Promise.all(memories.map(memory => remember(memory))),
    consolidate: async options => {
      note('consolidate', options)
      const waiting = Math.max(0, 3 - calls.filter(([call]) => call === 'consolidate').length)
      const counts = { episodes: 2, facts: 1, insights: 0, ended: 1, dropped: 0 }
      return { ...counts, by: 'extraction', waiting }
    },
    pending: async () => undefined,
    apply: async () => {
      throw new RuntimeError('internal', 'the stand-in consolidates by `consolidate` only')
    },
    update: async (id, patch) => {
      note('update', id, patch)
      const before = all().find(one => one.id === id)
      if (!before) throw new RuntimeError('memory-unknown', id)
      const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== null))
      const after = { ...before, ...given } as MemoryRecord
      put(all().map(one => (one.id === id ? after : one)))
      return after
    },
    forget: async what => {
      note('forget', what)
      const goes = typeof what === 'string' ? (one: MemoryRecord) => one.id === what : matches(what)
      const kept = all().filter(one => !goes(one))
      const memories = all().length - kept.length
      put(kept)
      return { memories, derived: 0 }
    },
  } satisfies Partial<Namespace>
}

const moving = ({ name, all, put }: Space) =>
  ({
    purge: async () => ({ memories: 3, before: 2_000_000, after: 1_500_000 }),
    async *export() {
      yield `${JSON.stringify({ namespace: name })}`
      for (const record of all()) yield JSON.stringify(record)
    },
    import: async lines => {
      let imported = -1
      for await (const line of lines) {
        if (imported >= 0) put([...all(), JSON.parse(line) as MemoryRecord])
        imported++
      }
      return { imported, known: 0 }
    },
  }) satisfies Partial<Namespace>

const counting = ({ name, all, problems }: Space) =>
  ({
    stats: async () => ({
      namespace: name,
      episodes: all().filter(({ kind }) => kind === 'episode').length,
      facts: all().filter(({ kind }) => kind === 'fact').length,
      current: all().filter(({ kind, validUntil }) => kind === 'fact' && validUntil === undefined).length,
      insights: all().filter(({ kind }) => kind === 'insight').length,
      sessions: new Set(all().map(({ session }) => session)).size,
      people: new Set(all().map(({ who }) => who)).size,
      waiting: 2,
      forgottenSincePurge: 1,
      ...(all()[0] && { oldest: all()[0]?.at ?? 0, newest: all().at(-1)?.at ?? 0 }),
      indexBytes: 12_345,
    }),
    verify: async () => ({ memories: all().length, problems: problems.get(name) ?? [] }),
  }) satisfies Partial<Namespace>

const matches =
  ({ kinds, who, session, since, until, source, subject }: MemoryFilter) =>
  (one: MemoryRecord): boolean =>
    (kinds === undefined || kinds.includes(one.kind)) &&
    (who === undefined || one.who === who) &&
    (session === undefined || one.session === session) &&
    (since === undefined || one.at >= since) &&
    (until === undefined || one.at < until) &&
    (source === undefined || one.source === source) &&
    (subject === undefined || one.fact?.subject === subject)

function pageOf(all: readonly MemoryRecord[], options: ListOptions) {
  const { limit = 50, after, idPrefix = '' } = options
  const from = after === undefined ? 0 : Number(after)
  const found = all.filter(matches(options)).filter(({ id }) => id.startsWith(idPrefix))
  const memories = found.slice(from, from + limit)
  return { memories, ...(found.length > from + limit && { after: String(from + limit) }) }
}

/** Half of the score for the share of the words that stand in a memory, the rest for its importance. */
function hitsOf(query: string, all: readonly MemoryRecord[]): readonly Hit[] {
  const words = query.toLowerCase().split(/\W+/).filter(Boolean)
  return all
    .map(one => {
      const found = words.filter(word => one.text.toLowerCase().includes(word)).length
      const parts = { context: (found / words.length) * 0.75, importance: one.importance / 4, time: 0 }
      return { ...one, score: parts.context + parts.importance, parts }
    })
    .filter(({ parts }) => parts.context > 0)
    .sort((one, other) => other.score - one.score)
}
