/**
 * The research team: a supervisor with its members, and one run of the workflow `research-team` per question.
 * It starts its agents on first use and keeps them for the next question.
 */
import { type Address, token } from '../../actors/address.ts'
import type { Behaviour } from '../../actors/behaviour.ts'
import type { BudgetLease } from '../../actors/budget-lease.ts'
import { fromWireError, RuntimeError } from '../../actors/errors.ts'
import type { EffectDecision } from '../../actors/protocol.ts'
import type { EffectPolicy } from '../../actors/strategy.ts'
import { createRuntime, type Runtime } from '../../runtime/create-runtime.ts'
import { nothingToRead } from '../coordinator.ts'
import { createModelAccess, type ModelAccess, type ModelSpec } from '../models/access.ts'
import type { Prices } from '../models/model.ts'
import type { Env } from '../models/providers.ts'
import { spawnAgent } from '../spawn-agent.ts'
import { searchProvider } from '../tools/web-search.ts'
import { compileWorkflow } from '../workflow/compile.ts'
import { endedRun, type RunResult, runWorkflow } from '../workflow/run-workflow.ts'
import { researchTeam, researchTeamWithMemory } from '../workflows/research-team.ts'
import { createCorpora } from './corpus.ts'
import { type ResearchInput, type ResearchResources, researchInput } from './exchange.ts'
import { openTeamMemory, type TeamMemoryOptions } from './open-team-memory.ts'
import {
  partialResearch,
  type ResearchReport,
  type ResearchRun,
  type RunOutput,
  researchReport,
  type TraceEntry,
  traceEntry,
} from './research-report.ts'
import { type Additions, DEFAULT_SIZE, extraSeats, LARGEST, type Seat, seatsFor } from './team-seats.ts'

export interface ResearchTeamOptions {
  /** Agents in the team, 3 to 10. Default 5. */
  readonly size?: number
  readonly name?: string
  /**
   * Part of its agents' addresses, so that a team of the same id finds them again in a journal on disk. Default:
   * made up, or from `name` where there is such a journal.
   */
  readonly id?: string
  /** The run whose history its agents' are: for a team that serves that run alone. */
  readonly run?: string
  /** `provider:model`, or an AI SDK v6 language model. Without one the team works extractively. */
  readonly model?: ModelSpec
  /** Used from the second attempt on, when the model fails, stalls, refuses, loops or answers in a wrong shape. */
  readonly fallbackModel?: ModelSpec
  /** USD per million tokens of the fallback; without it a budget in money refuses it. */
  readonly fallbackPrice?: Prices
  /** USD per million tokens of `model`; without it costs are reported as unknown. */
  readonly price?: Prices
  /**
   * Keeps what was found from one run to the next: what is known and still fresh is not researched again. `true` is
   * the namespace `research` of the runtime's memory. Default: none.
   */
  readonly memory?: boolean | TeamMemoryOptions
  /** Default: a runtime of its own, stopped by `stop`. */
  readonly runtime?: Runtime
  /** Folders, files, globs, URLs to research. */
  readonly sources?: readonly string[]
  /** Where relative sources are looked up. Default: the working directory. */
  readonly cwd?: string
  /** Keys of models and search providers. Default: the process's environment. */
  readonly env?: Env
  readonly policy?: Partial<EffectPolicy>
}

export type ResearchOptions = Partial<Omit<ResearchInput, 'topic' | 'sources' | 'focusAreas'>> & {
  /** Default: the team's. */
  readonly sources?: readonly string[]
  readonly focusAreas?: readonly string[]
  readonly budget?: BudgetLease
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
  readonly runId?: string
  /** What a person decided about effects of unknown outcome, by effect. */
  readonly decisions?: ReadonlyMap<string, EffectDecision>
}

interface Member extends Seat {
  readonly address: Address
}

export interface TeamStatus {
  readonly name: string
  readonly size: number
  readonly agents: readonly {
    readonly address: Address
    readonly duties: readonly string[]
    readonly phase: string
    readonly waiting: number
  }[]
  readonly runs: number
  readonly model: string | null
}

export class ResearchTeam {
  readonly runtime: Runtime
  readonly #options: ResearchTeamOptions
  readonly #id: string
  readonly #models: ModelAccess
  #resources: ResearchResources
  readonly #workflow: Behaviour
  #seats: readonly Seat[]
  #members: Member[] = []
  /** For ids: a member's number is its own for ever. */
  #seated = 0
  #starting: Promise<Address> | undefined
  #model: string | undefined
  #runs = 0
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #end = new AbortController()

  /** Throws `definition-invalid` for a size outside 3 to 10, and for a memory without a place. */
  constructor(options: ResearchTeamOptions = {}) {
    this.#seats = seatsFor(options.size ?? DEFAULT_SIZE, Boolean(options.memory))
    this.#workflow = compileWorkflow(options.memory ? researchTeamWithMemory : researchTeam)
    this.#options = options
    this.runtime = options.runtime ?? createRuntime()
    this.#id = teamId(options, this.runtime)
    const env = options.env ?? process.env
    const { runtime } = this
    this.#models = runtime.shared('models', () => createModelAccess({ runtime, env }))
    const corpora = runtime.shared('corpora', () => createCorpora())
    this.#resources = { corpora, cwd: options.cwd ?? process.cwd(), env }
  }

  /** Researches `topic` and returns the report. Throws what ended the run, when it did not end as done. */
  async research(topic: string, options: ResearchOptions = {}): Promise<ResearchReport> {
    const result = await this.run(topic, options)
    if (result.status === 'done') return result.output
    if (result.error) throw fromWireError(result.error)
    throw new RuntimeError('internal', `the run ended as ${result.status} without saying why`)
  }

  /**
   * As `research`, but tells how the run ended, and with what, instead of throwing for it. Throws only for what
   * is wrong before it begins: `input-invalid`, `sources-missing`, a model that cannot be used, `runtime-stopped`.
   */
  async run(topic: string, options: ResearchOptions = {}): Promise<ResearchRun> {
    const input = this.#input(topic, options)
    const { runtime } = this
    const { budget, signal, timeoutMs, decisions, runId = runtime.host.id() } = options
    const over = await endedRun(runtime, runId)
    if (over && hasReport(over)) return over
    if (over) return this.#report(topic, input, over as RunResult<RunOutput>, [], this.#seats)
    const supervisor = await this.#start()
    const ending = signal ? AbortSignal.any([signal, this.#end.signal]) : this.#end.signal
    const began = runtime.host.clock.now()
    const trace: TraceEntry[] = []
    const seats = this.#seats
    const unsubscribe = runtime.events.subscribe(event => {
      const entry = event.run === runId ? traceEntry(event, began) : undefined
      if (entry) trace.push(entry)
    })
    this.#runs++
    const running = runWorkflow<RunOutput>({
      runtime,
      behaviour: this.#workflow,
      supervisor,
      members: this.#roles(),
      input: { ...input, model: this.#model ?? null, ...(this.#options.memory && { run: runId }) },
      runId,
      options: { size: seats.length, model: this.#model ?? null },
      ...(decisions && { decisions }),
      ...(budget && { budget }),
      signal: ending,
      ...(timeoutMs !== undefined && { timeoutMs }),
    }).finally(unsubscribe)
    this.#underWay.add(running)
    const result = await running.finally(() => this.#underWay.delete(running))
    return this.#report(topic, input, result, trace, seats)
  }

  #report(
    topic: string,
    input: ResearchInput,
    result: RunResult<RunOutput>,
    trace: readonly TraceEntry[],
    seats: readonly Seat[],
  ): ResearchRun {
    const { status } = result
    if (status !== 'done') return { ...result, status, output: partialResearch(topic, result.output, trace) }
    const members = new Set<string>(this.#members.map(one => one.address))
    const now = this.runtime.host.clock.now()
    const around = { ...input, model: this.#model ?? null, seats, members, trace, now }
    return { ...result, status, output: researchReport(result, around) }
  }

  teamStatus(): TeamStatus {
    const phases = new Map(this.runtime.actors().map(actor => [actor.address, actor]))
    return {
      name: this.#options.name ?? 'ResearchTeam',
      size: this.#seats.length,
      agents: this.#members.map(({ address: where, duties }) => ({
        address: where,
        duties,
        phase: phases.get(where)?.phase ?? 'stopped',
        waiting: phases.get(where)?.waiting ?? 0,
      })),
      runs: this.#runs,
      model: this.#model ?? null,
    }
  }

  /** Adds agents for the runs to come. Throws `definition-invalid` when the team would exceed ten. */
  async adjustTeam(additions: Additions): Promise<TeamStatus> {
    const seats = extraSeats(additions)
    const supervisor = await this.#start()
    if (this.#seats.length + seats.length > LARGEST) {
      throw new RuntimeError('definition-invalid', `a team has at most ${LARGEST} agents`, {
        why: `it has ${this.#seats.length} and would get ${seats.length} more`,
      })
    }
    // Taken before anything is awaited: two adjustments at once cannot both find the last seat free.
    this.#seats = [...this.#seats, ...seats]
    for (const seat of seats) await this.#seat(seat, supervisor)
    return this.teamStatus()
  }

  /** Stops the members, and the runtime if it is the team's own; runs under way end as cancelled. Idempotent. */
  async stop(): Promise<void> {
    this.#end.abort(new RuntimeError('cancelled', 'the team was stopped'))
    await Promise.allSettled(this.#underWay)
    const supervisor = await this.#starting?.catch(() => undefined)
    if (supervisor) await this.runtime.stop(supervisor)
    if (!this.#options.runtime) await this.runtime.stop()
  }

  #input(
    topic: string,
    { budget: _, signal: __, timeoutMs: ___, runId: ____, decisions: _____, ...given }: ResearchOptions,
  ): ResearchInput {
    const parsed = researchInput.safeParse({
      ...given,
      topic,
      sources: given.sources ?? this.#options.sources ?? [],
    })
    if (!parsed.success) {
      const why = parsed.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`).join('; ')
      throw new RuntimeError('input-invalid', 'the research question is not valid', { why })
    }
    const { sources } = parsed.data
    const { model, memory } = this.#options
    // A run that is continued names its sources.
    if (sources.length === 0 && !model && !memory && !searchProvider(this.#resources.env))
      throw nothingToRead()
    return parsed.data
  }

  #start(): Promise<Address> {
    if (this.#end.signal.aborted) return Promise.reject(stopped())
    this.#starting ??= this.#open().catch(error => {
      this.#starting = undefined
      throw error
    })
    return this.#starting
  }

  async #open(): Promise<Address> {
    const { model, price, run, memory } = this.#options
    if (memory) this.#resources = { ...this.#resources, memory: await openTeamMemory(this.runtime, memory) }
    if (model) this.#model = await this.#models.use(model, price)
    const supervisor = await this.runtime.supervise({
      id: `team-${this.#id}`,
      ...(run !== undefined && { run }),
      intensity: { restarts: 10, periodMs: 60_000 },
    })
    try {
      for (const seat of this.#seats) await this.#seat(seat, supervisor)
    } catch (error) {
      this.#members = []
      await this.runtime.stop(supervisor)
      throw error
    }
    return supervisor
  }

  async #seat(seat: Seat, supervisor: Address): Promise<void> {
    const { model, price, fallbackModel, fallbackPrice, policy, run } = this.#options
    const { address: where } = await spawnAgent(this.runtime, seat.agent, {
      id: `${this.#id}-${++this.#seated}`,
      supervisor,
      resources: this.#resources,
      env: this.#resources.env,
      ...(model && { model }),
      ...(price && { price }),
      ...(fallbackModel && { fallbackModel }),
      ...(fallbackPrice && { fallbackPrice }),
      ...(policy && { policy }),
      ...(run !== undefined && { run }),
    })
    this.#members.push({ ...seat, address: where })
  }

  #roles(): Record<string, readonly Address[]> {
    const roles: Record<string, Address[]> = {}
    for (const { duties, address: where } of this.#members) {
      for (const duty of duties) roles[duty] = [...(roles[duty] ?? []), where]
    }
    return roles
  }
}

/** Whether the record of an ended run holds what its caller was given, and not only what the workflow answered. */
const hasReport = (run: RunResult): run is ResearchRun =>
  run.status === 'done' && 'fullReport' in (run.output as object)

/** A token from the name, where an earlier process may have left the agents of a team of that name. */
function teamId({ id, name }: ResearchTeamOptions, { journal, host }: Runtime): string {
  if (id !== undefined) return token(id, 'team id')
  const slug = name?.replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, 48)
  return journal.durable && slug ? slug : host.id().slice(0, 8)
}

const stopped = (): RuntimeError =>
  new RuntimeError('runtime-stopped', 'the team has stopped', { fix: 'make a new one' })
