/**
 * What a memory offers, and what stands in it. Types only. Implemented over LevelDB by the process that owns the
 * directory, and over a socket by every other process of the machine, so everything here is plain data.
 */

/** `episode`: what happened, verbatim. `fact`: who is what, and from when to when. `insight`: what follows from several. */
export type MemoryKind = 'episode' | 'fact' | 'insight'

/**
 * How far a text may be believed. `untrusted`: it came from outside (a web page, a tool, a customer); it is never
 * read as an instruction. `agent`: an agent of this system concluded it, from nothing untrusted. `trusted`: whoever
 * runs the system vouches for it. What is derived is never trusted more than the least of its sources.
 */
export type Trust = 'untrusted' | 'agent' | 'trusted'

/** "Ana lives in Porto": `{ subject: 'Ana', predicate: 'lives in', object: 'Porto' }`. */
export interface Statement {
  readonly subject: string
  readonly predicate: string
  readonly object: string
  /** The subject has one such object at a time, so that a newer one ends the older. */
  readonly single?: boolean
}

export interface NewMemory {
  /** 1 to 65,536 characters. */
  readonly text: string
  /** Default `episode`; `fact` needs `fact`. */
  readonly kind?: MemoryKind
  /** Who said or did it. */
  readonly who?: string
  /** Absolute ms when it happened. Default: now. */
  readonly at?: number
  /** The conversation, task or run it belongs to; memories of one session are each other's context, in order. */
  readonly session?: string
  /** 0 to 1. Default 0.5. */
  readonly importance?: number
  /** Default `untrusted`: whoever vouches for a text has to say so. */
  readonly trust?: Trust
  /** Where it is known from: a URL, a file, a run. */
  readonly source?: string
  /** Plain data of the caller's, at most 64 KiB encoded. */
  readonly meta?: Readonly<Record<string, unknown>>
  readonly fact?: Statement
  /** Since when the fact holds, absolute ms. Default: `at`. */
  readonly validFrom?: number
  /** Until when; absent: it still holds. */
  readonly validUntil?: number
  /** Ids of the memories it was derived from. */
  readonly from?: readonly string[]
  /** How it was derived: `extraction`, `model:<id>`. */
  readonly by?: string
}

/** A memory as it is kept. */
export interface MemoryRecord {
  readonly id: string
  readonly kind: MemoryKind
  readonly text: string
  readonly who?: string
  readonly at: number
  readonly session?: string
  readonly importance: number
  readonly trust: Trust
  readonly source?: string
  readonly meta?: Readonly<Record<string, unknown>>
  readonly fact?: Statement
  readonly validFrom?: number
  readonly validUntil?: number
  /** Id of the fact that ended this one. */
  readonly endedBy?: string
  readonly from?: readonly string[]
  readonly by?: string
  /** Absolute ms when it was stored, and when it was last changed. */
  readonly storedAt: number
  readonly updatedAt?: number
}

export interface RequestOptions {
  /** The same key gives the same answer and does nothing again: for callers that may repeat themselves. */
  readonly key?: string
}

export interface RememberOptions extends RequestOptions {
  /** Resolves when it survives a crash of the machine, not only of the process. */
  readonly sync?: boolean
}

/** All that is given must hold. */
export interface MemoryFilter {
  readonly kinds?: readonly MemoryKind[]
  readonly who?: string
  readonly session?: string
  /** Absolute ms, `since` inclusive, `until` exclusive, of `at`. */
  readonly since?: number
  readonly until?: number
  readonly minTrust?: Trust
  readonly source?: string
  /** Facts about it. */
  readonly subject?: string
}

export interface ListOptions extends MemoryFilter {
  /** Default 50, at most 1,000. */
  readonly limit?: number
  /** Where the last page ended. */
  readonly after?: string
  /** Only those whose ids begin so, for people who type ids. At least 4 characters. */
  readonly idPrefix?: string
}

export interface Page {
  /** In the order in which they were stored. */
  readonly memories: readonly MemoryRecord[]
  /** For the next page; absent: there is no more. */
  readonly after?: string
}

export interface RecentOptions {
  /** Default 10. */
  readonly limit?: number
  readonly session?: string
  /** The newest that fit, by an estimate of four characters a token. */
  readonly maxTokens?: number
}

export interface RecallOptions extends Omit<MemoryFilter, 'source' | 'subject'> {
  /** Default 10, at most 200. */
  readonly limit?: number
  /** What was known and held at that time: nothing younger, and the facts of then. Default: now. */
  readonly at?: number
  /** How many memories of the same session before and after each hit come with it. Default 0, at most 5. */
  readonly neighbours?: number
  /** Says in `parts` what each score is made of. */
  readonly explain?: boolean
}

export interface Hit {
  readonly id: string
  readonly kind: MemoryKind
  readonly text: string
  readonly who?: string
  readonly at: number
  readonly session?: string
  readonly trust: Trust
  readonly source?: string
  readonly meta?: Readonly<Record<string, unknown>>
  readonly fact?: Statement
  readonly validFrom?: number
  readonly validUntil?: number
  readonly from?: readonly string[]
  /** 0 to 1. Comparable between queries: what is under `weights.known` is probably not an answer. */
  readonly score: number
  /** Adds up to `score`. */
  readonly parts?: Readonly<Record<string, number>>
  readonly neighbours?: readonly MemoryRecord[]
}

export interface FactsOptions {
  /** Absolute ms; default: now. */
  readonly at?: number
  readonly predicate?: string
  /** Default 100. */
  readonly limit?: number
}

/** A fact and the sentences it came from. */
export interface ExplainedFact {
  readonly fact: MemoryRecord
  readonly evidence: readonly MemoryRecord[]
}

/** What may be changed of a memory; `null` takes it away. */
export interface MemoryPatch {
  readonly text?: string
  readonly importance?: number
  readonly trust?: Trust
  readonly source?: string | null
  readonly meta?: Readonly<Record<string, unknown>> | null
  readonly validFrom?: number
  readonly validUntil?: number | null
  readonly fact?: Statement
}

export interface Forgotten {
  readonly memories: number
  /** Facts and insights that were derived from them, and went too; what else they came from is consolidated again. */
  readonly derived: number
}

export interface Consolidated {
  /** Episodes that were looked at. */
  readonly episodes: number
  readonly facts: number
  readonly insights: number
  /** Older facts that newer ones or negations ended, also of the same episodes. */
  readonly ended: number
  /** Insights and facts that the growth policy let go, and episodes by the explicit retention setting. */
  readonly dropped: number
  /** `extraction` or `model:<id>`. */
  readonly by: string
  /** Episodes that still wait. */
  readonly waiting: number
}

export interface ConsolidationInput {
  /** Those that wait, oldest first. */
  readonly episodes: readonly MemoryRecord[]
  /** Facts that hold, of the namespace, newest first: at most 1,000. Contradictions are not the proposer's business. */
  readonly facts: readonly MemoryRecord[]
  /** Newest first: at most 1,000. */
  readonly insights: readonly MemoryRecord[]
  /** Absolute ms. */
  readonly now: number
}

/** A statement that sentences make. Its trust is the least of its sources', never more than `agent`: the store sees to it. */
export interface ProposedFact {
  readonly statement: Statement
  /** How it reads: a sentence. */
  readonly text: string
  /** Ids of the episodes that say it: at least one. */
  readonly from: readonly string[]
  /** Absolute ms. Default: `at` of the oldest of its sources. */
  readonly validFrom?: number
  readonly validUntil?: number
  readonly who?: string
  /** 0 to 1, how sure the proposer is. It becomes the importance when there is none. */
  readonly confidence: number
  readonly importance?: number
}

/** "no longer works at X": ends what was held, and states nothing. */
export interface ProposedEnding {
  readonly subject: string
  readonly predicate: string
  /** Absent: whatever it is. */
  readonly object?: string
  /** Absolute ms since when it does not hold. */
  readonly at: number
  readonly from: readonly string[]
}

export interface ProposedInsight {
  readonly text: string
  readonly from: readonly string[]
  /** 0 to 1. */
  readonly importance: number
  readonly who?: string
}

export interface Proposal {
  readonly facts: readonly ProposedFact[]
  readonly endings: readonly ProposedEnding[]
  readonly insights: readonly ProposedInsight[]
  /** Ids of facts and insights to let go, for example an insight that a new one says better. Never episodes. */
  readonly drop: readonly string[]
  /** `extraction` or `model:<id>`. */
  readonly by: string
}

export interface Purged {
  /** Memories whose bytes are gone, since the last purge. */
  readonly memories: number
  /** Size of the store in bytes, before and after. */
  readonly before: number
  readonly after: number
}

export interface Imported {
  readonly imported: number
  /** Already there under their ids, with the same content. */
  readonly known: number
}

/** Vectors of a namespace whose memory has an embedder. */
export interface MemoryVectors {
  /** `provider/model`. Absent: the embedder is a function, which has no name. */
  readonly model?: string
  /** Absent: there is no vector yet. */
  readonly dimensions?: number
  /** Memories that have a vector of this embedder. */
  readonly stored: number
  /** Memories that have none: they are found by their words. */
  readonly missing: number
  /** Of `missing`: those whose text the embedder refuses while it takes others. */
  readonly refused: number
  /** Vectors of other models, which are not used, and how many models those are. */
  readonly foreign: number
  readonly foreignModels: number
  /** Why nothing is embedded or compared (AC-3013: vectors of another model), or else what went wrong last. No secrets. */
  readonly failed?: { readonly code: string; readonly message: string }
}

export interface NamespaceStats {
  readonly namespace: string
  readonly episodes: number
  readonly facts: number
  /** Of `facts`: those that hold now. */
  readonly current: number
  readonly insights: number
  readonly sessions: number
  readonly people: number
  /** Episodes that consolidation has not seen. */
  readonly waiting: number
  readonly forgottenSincePurge: number
  readonly oldest?: number
  readonly newest?: number
  /** Bytes that the index takes in memory and on disk. */
  readonly indexBytes: number
  /** Absent: the memory has no embedder. */
  readonly vectors?: MemoryVectors
}

export interface MemoryCheck {
  readonly memories: number
  /** Each says what disagrees with what. Empty: store and index agree. */
  readonly problems: readonly string[]
}

export interface Namespace {
  readonly name: string
  /** Returns its id. Throws `input-invalid`, `store-failed`. */
  remember(memory: NewMemory, options?: RememberOptions): Promise<string>
  /** All or none, in order. At most 1,000. */
  rememberAll(memories: readonly NewMemory[], options?: RememberOptions): Promise<readonly string[]>
  get(id: string): Promise<MemoryRecord | undefined>
  list(options?: ListOptions): Promise<Page>
  /** The last episodes, oldest first. */
  recent(options?: RecentOptions): Promise<readonly MemoryRecord[]>
  /** What is known about `query`, best first. */
  recall(query: string, options?: RecallOptions): Promise<readonly Hit[]>
  /** Facts that hold, of one subject or of all. */
  facts(subject?: string, options?: FactsOptions): Promise<readonly MemoryRecord[]>
  /** All that was ever held of the same subject and predicate, oldest first, each with its evidence. */
  history(factId: string): Promise<readonly ExplainedFact[]>
  consolidate(options?: { readonly limit?: number }): Promise<Consolidated>
  /**
   * What a consolidator is asked, when proposing is somebody else's work: `consolidate` in two steps, so that what a
   * paid call proposed can be kept before it is applied. Undefined: nothing waits.
   */
  pending(options?: { readonly limit?: number }): Promise<ConsolidationInput | undefined>
  /**
   * Stores a proposal made of the episodes `seen` (ids), which wait no longer, in one batch. A repeat stores nothing
   * twice. What points at an episode that is gone meanwhile is left out.
   */
  apply(proposal: Proposal, seen: readonly string[]): Promise<Consolidated>
  /** Throws `memory-unknown`. */
  update(id: string, patch: MemoryPatch): Promise<MemoryRecord>
  forget(what: string | MemoryFilter, options?: RequestOptions): Promise<Forgotten>
  /** Takes the bytes of what was forgotten out of the store's files: of all its namespaces. */
  purge(): Promise<Purged>
  /** NDJSON: a header, then one memory a line. */
  export(): AsyncIterable<string>
  import(lines: AsyncIterable<string> | Iterable<string>, options?: RequestOptions): Promise<Imported>
  stats(): Promise<NamespaceStats>
  /** Compares records, indexes and postings with each other. */
  verify(): Promise<MemoryCheck>
}

export interface Memory {
  /** The directory under its real name. */
  readonly dir: string
  /** Whether this process owns the directory or asks its owner. */
  readonly role: 'owner' | 'client'
  /** A namespace is there when something was remembered in it. Throws `input-invalid` for a bad name. */
  namespace(name: string): Namespace
  namespaces(): Promise<readonly string[]>
  close(): Promise<void>
}

/** Vectors of equal length for texts, in their order. `signal`: nobody waits for the answer any more. */
export type Embed = (
  texts: readonly string[],
  options?: { readonly signal?: AbortSignal },
) => Promise<readonly (readonly number[] | Float32Array)[]>
