/** What a research team gives its user: the report, and how it came about. Made of a run's output and events. */
import type { z } from 'zod'
import type { RunStatus, RuntimeEvent } from '../../actors/events.ts'
import type { RunResult } from '../workflow/run-workflow.ts'
import type { Finding, Subtask } from './document.ts'
import type {
  Analysis,
  audience,
  covered,
  depth,
  factChecked,
  gathered,
  plan,
  recalled,
  report,
} from './exchange.ts'
import { knownAndFresh } from './known-chapter.ts'
import type { Seat } from './team-seats.ts'

/** One thing a member did, as it happened. */
export interface TraceEntry {
  /** Milliseconds since the run began. */
  readonly atMs: number
  readonly agent: string
  readonly action: string
  readonly detail?: unknown
}

export interface Assignment {
  readonly subtask: string
  readonly question: string
  /** Address of the researcher, or null when no one could do it. */
  readonly agent: string | null
  readonly findings: number
}

export interface ResearchReport {
  readonly topic: string
  readonly executiveSummary: string
  /** Markdown. */
  readonly fullReport: string
  readonly keyFindings: readonly Finding[]
  readonly recommendations: readonly string[]
  readonly sections: readonly {
    readonly title: string
    readonly body: string
    readonly findings: readonly string[]
  }[]
  /** All findings that passed the check, or were marked by it. */
  readonly findings: readonly Finding[]
  readonly metadata: {
    /** How many agents have each duty; an agent of a small team may have two. */
    readonly teamComposition: Readonly<Record<string, number>>
    readonly teamSize: number
    readonly durationMs: number
    readonly depth: z.infer<typeof depth>
    readonly audience: z.infer<typeof audience>
    /** ISO 8601. */
    readonly timestamp: string
    readonly agentsInvolved: readonly string[]
    readonly totalSubtasks: number
    readonly assignments: readonly Assignment[]
    readonly sources: readonly string[]
    /** The team's `provider:model`, or null: extractive. The report itself names the model that wrote it. */
    readonly model: string | null
    readonly contradictions: number
    readonly gaps: readonly string[]
    /** What the team knew before; absent for a team without a memory. */
    readonly memory?: ReportMemory
    /** Findings that the fact checker dropped or marked, and what a model wrote that they do not hold. */
    readonly factCheck: readonly { readonly finding: string; readonly kind: string; readonly text: string }[]
  }
  readonly reasoningTrace: readonly TraceEntry[]
}

export interface ReportMemory {
  /** Of `findings`: those of earlier runs, and those that are new. The report's chapter counts the same. */
  readonly known: number
  readonly fresh: number
  /** Known findings left out: too old, or not in their sources any more. */
  readonly outdated: number
  readonly changed: number
  /** The run that was to be continued; null when it was asked for and nothing was found. */
  readonly continues?: { readonly run: string; readonly topic: string; readonly at: number } | null
  /** New findings that are kept for later runs; null when that failed. */
  readonly remembered: number | null
}

/** What there is of a run that did not end as done. */
export interface PartialResearch {
  readonly topic: string
  readonly subtasks: readonly Subtask[]
  /** Their verdicts say whether they were checked. */
  readonly findings: readonly Finding[]
  readonly reasoningTrace: readonly TraceEntry[]
}

/** How a run of the team ended: with a report, or with what there is of one. */
export type ResearchRun =
  | (RunResult<ResearchReport> & { readonly status: 'done' })
  | (RunResult<PartialResearch | null> & { readonly status: Exclude<RunStatus, 'done'> })

/** Output of the workflow `research-team`. */
export interface RunOutput {
  readonly plan: z.infer<typeof plan>
  readonly gathered: readonly (z.infer<typeof gathered> | null)[]
  readonly check: z.infer<typeof factChecked>
  readonly analyses: readonly (Analysis | null)[]
  readonly report: z.infer<typeof report>
  /** Of a team with a memory. */
  readonly recalled?: z.infer<typeof recalled>
  readonly covered?: z.infer<typeof covered>
  readonly remembered?: { readonly findings: number } | null
}

export interface ReportSurroundings {
  readonly topic: string
  readonly depth: z.infer<typeof depth>
  readonly audience: z.infer<typeof audience>
  readonly model: string | null
  readonly seats: readonly Seat[]
  /** Addresses of the team's agents. */
  readonly members: ReadonlySet<string>
  readonly trace: readonly TraceEntry[]
  /** Milliseconds since the epoch. */
  readonly now: number
}

export function researchReport(
  { output, durationMs }: RunResult<RunOutput>,
  around: ReportSurroundings,
): ResearchReport {
  const { plan: planned, gathered: found, check, analyses } = output
  const { problems, ...written } = output.report
  const { topic, depth: how, audience: reader, model, seats, members, trace, now } = around
  const subtasks = output.covered?.subtasks ?? planned.subtasks
  const gatheredBy = new Map(found.flatMap(one => (one ? [[one.subtask, one] as const] : [])))
  const memory = reportMemory(output)
  const parts = Object.assign({}, ...analyses.filter(one => one !== null)) as Partial<Analysis>
  return {
    topic,
    ...written,
    findings: check.findings,
    metadata: {
      teamComposition: composition(seats),
      teamSize: seats.length,
      durationMs,
      depth: how,
      audience: reader,
      timestamp: new Date(now).toISOString(),
      agentsInvolved: [...new Set(trace.map(entry => entry.agent))].filter(one => members.has(one)).sort(),
      totalSubtasks: subtasks.length,
      assignments: subtasks.map(task => ({
        subtask: task.id,
        question: task.question,
        agent: gatheredBy.get(task.id)?.by ?? null,
        findings: gatheredBy.get(task.id)?.findings.length ?? 0,
      })),
      sources: planned.sources,
      model,
      contradictions: parts.comparison?.contradictions.length ?? 0,
      gaps: (parts.gaps ?? []).map(gap => gap.text),
      ...(memory && { memory }),
      factCheck: [...check.problems, ...problems],
    },
    reasoningTrace: trace,
  }
}

function reportMemory({
  recalled: begun,
  covered: planned,
  check,
  remembered,
}: RunOutput): ReportMemory | undefined {
  if (!begun || !planned) return undefined
  const continues = begun.continues && {
    run: begun.continues.run,
    topic: begun.continues.topic,
    at: begun.continues.at,
  }
  return {
    ...knownAndFresh(check.findings),
    outdated: begun.outdated,
    changed: planned.changed,
    ...(begun.asked && { continues: continues ?? null }),
    remembered: remembered?.findings ?? null,
  }
}

/** `outputs` are the workflow's, by step; null when not even the plan was made. */
export function partialResearch(
  topic: string,
  outputs: unknown,
  trace: readonly TraceEntry[],
): PartialResearch | null {
  const {
    plan: planned,
    gather = [],
    check,
  } = (outputs ?? {}) as {
    readonly plan?: RunOutput['plan']
    readonly gather?: RunOutput['gathered']
    readonly check?: RunOutput['check']
  }
  if (!planned) return null
  const findings = check?.findings ?? gather.flatMap(one => one?.findings ?? [])
  return { topic, subtasks: planned.subtasks, findings, reasoningTrace: trace }
}

function composition(seats: readonly Seat[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const duty of seats.flatMap(seat => seat.duties)) counts[duty] = (counts[duty] ?? 0) + 1
  return counts
}

/** What an event says about a member's work, for the trace; undefined for the rest. */
export function traceEntry(event: RuntimeEvent, began: number): TraceEntry | undefined {
  const entry = (action: string, detail?: unknown): TraceEntry => ({
    atMs: event.at - began,
    agent: event.actor,
    action,
    ...(detail !== undefined && { detail }),
  })
  switch (event.type) {
    case 'effect.progress': {
      const { doing, ...detail } = (event.note ?? {}) as { readonly doing?: string }
      return doing === undefined ? undefined : entry(doing, detail)
    }
    case 'effect.succeeded':
      return event.name === 'model' ? entry('asked the model', event.usage) : undefined
    case 'effect.retrying':
      return entry('retries', {
        effect: event.name,
        attempt: event.attempt,
        reason: event.reason,
        delayMs: event.delayMs,
      })
    case 'effect.gave-up':
      return entry('gave up', {
        effect: event.name,
        attempt: event.attempt,
        reason: event.reason,
        error: event.error.code,
      })
    case 'step.finished':
      return entry(event.error ? 'step failed' : 'step done', {
        step: event.step,
        ...(event.index !== undefined && { item: event.index }),
        ...(event.error && { error: event.error.code }),
      })
    default:
      return undefined
  }
}
