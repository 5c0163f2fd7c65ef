/**
 * The state of a memory actor and what each event makes of it, as pure functions: which calls are under way, what is
 * to be consolidated, how it has been going. Memories themselves are never part of it.
 */
import type { RuntimeError, WireError } from '../../actors/errors.ts'
import type { Consolidated } from '../../memory/memory.ts'
import type { CallName } from '../../memory/sharing/calls.ts'

/** How it works. Part of the state, not of the code around it: what it decided must be decided again by its journal. */
export interface MemoryTuning {
  /** Calls at a time. */
  readonly maxUnderWay: number
  /** How often it looks for episodes that wait, ms; null: never by itself. */
  readonly everyMs: number | null
  /** It also looks after so many new ones. */
  readonly afterEpisodes: number
  /** Episodes in one batch. */
  readonly batch: number
  /** A model proposes. */
  readonly hasModel: boolean
}

export interface CallUnderWay {
  readonly method: CallName | 'namespaces'
  /** Absolute ms when it was asked for. */
  readonly at: number
}

/** One namespace to consolidate: somebody asked for it, or the schedule did. */
export interface Job {
  readonly namespace: string
  /** Episodes to look at; null: all that wait. */
  readonly limit: number | null
  /** Id of the message that asked for it. */
  readonly of: string | null
  readonly at: number
  readonly done: Consolidated | null
}

export interface MemoryHealth {
  /** Calls that were answered, failed ones included. */
  readonly calls: number
  readonly underWay: number
  readonly failures: number
  /** Begun `at` (absolute ms). */
  readonly lastFailure: (Pick<WireError, 'code' | 'message'> & { at: number; what: string }) | null
  readonly consolidations: number
  readonly lastConsolidation: (Consolidated & { readonly namespace: string; readonly at: number }) | null
  /** Proposals of a model that were replaced by extraction, because the model failed. */
  readonly fallbacks: number
  /** What a model proposed and its sources do not say. */
  readonly unheld: number
}

export interface MemoryState {
  readonly tuning: MemoryTuning
  readonly started: number
  readonly running: { readonly [child: string]: CallUnderWay }
  /** Asked for, and waiting. */
  readonly asked: readonly Job[]
  /** Namespaces that the schedule has left. */
  readonly round: readonly string[]
  readonly job: Job | null
  /** Episodes since the schedule last looked. */
  readonly fresh: number
  /** It has told itself to look, and has not yet. */
  readonly ticking: boolean
  /** It was told to look while it consolidated. */
  readonly late: boolean
  /** Absolute ms, of the last message. */
  readonly at: number
  readonly health: Omit<MemoryHealth, 'calls' | 'underWay'>
}

export const newState = (tuning: MemoryTuning): MemoryState => ({
  tuning,
  started: 0,
  running: {},
  asked: [],
  round: [],
  job: null,
  fresh: 0,
  ticking: false,
  late: false,
  at: 0,
  health: {
    failures: 0,
    lastFailure: null,
    consolidations: 0,
    lastConsolidation: null,
    fallbacks: 0,
    unheld: 0,
  },
})

/** Consolidations that may wait for their turn. */
export const MOST_ASKED = 32

export const underWay = ({ running }: MemoryState): number => Object.keys(running).length

export const healthOf = (state: MemoryState): MemoryHealth => ({
  calls: state.started - underWay(state),
  underWay: underWay(state),
  ...state.health,
})

export const begun = (state: MemoryState, child: string, call: CallUnderWay): MemoryState => ({
  ...state,
  started: state.started + 1,
  at: call.at,
  running: { ...state.running, [child]: call },
})

/** A call ended; `output` is its result. */
export function ended(
  state: MemoryState,
  child: string,
  end: { output?: unknown; error?: WireError },
): MemoryState {
  const { [child]: call, ...running } = state.running
  if (!call) return state
  const next = { ...state, running }
  if (end.error) return failed(next, call.method, end.error, call.at)
  return { ...next, fresh: state.fresh + storedBy(call.method, end.output) }
}

/** Facts and insights among them are counted too: it only says when to look again. */
function storedBy(method: CallUnderWay['method'], output: unknown): number {
  if (method === 'remember') return 1
  return method === 'rememberAll' && Array.isArray(output) ? output.length : 0
}

/** What the caller did wrong says nothing about the memory. */
const CALLERS: ReadonlySet<RuntimeError['kind']> = new Set([
  'input-invalid',
  'memory-unknown',
  'cancelled',
  'deadline-exceeded',
  'message-unhandled',
  'runtime-stopped',
] as RuntimeError['kind'][])

export function failed(state: MemoryState, what: string, error: WireError, at = state.at): MemoryState {
  if (CALLERS.has(error.kind)) return state
  const { code, message } = error
  const lastFailure = { at, what, code, message: message.slice(0, 200) }
  return { ...state, health: { ...state.health, failures: state.health.failures + 1, lastFailure } }
}

export const fellBack = (state: MemoryState): MemoryState => ({
  ...state,
  health: { ...state.health, fallbacks: state.health.fallbacks + 1 },
})
