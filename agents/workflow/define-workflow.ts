/**
 * A workflow as one literal: who takes part, which steps, and what flows between them. It is what the
 * runtime compiles to a machine and what an editor would change; there is no second format. Checked when it is defined.
 */
import type { z } from 'zod'
import { isToken } from '../../actors/address.ts'
import { type BudgetLease, parseLease } from '../../actors/budget-lease.ts'
import { RuntimeError, toRuntimeError } from '../../actors/errors.ts'
import { toPlain } from '../../actors/plain.ts'
import {
  type Condition,
  isCondition,
  isReference,
  type Reference,
  referencesIn,
  type Template,
} from './reference.ts'

interface StepBase {
  /** Unique in the workflow; its output is referred to by it. */
  readonly id: string
  /** What a failure of this step does. Default `fail`; `skip` goes on with null in its place. */
  readonly onError?: 'fail' | 'skip'
  /** Milliseconds for the whole step. */
  readonly timeoutMs?: number
}

/** Asks one agent of a role; of several, the next in turn. */
export interface AskStep extends StepBase {
  readonly ask: string
  readonly skill: string
  readonly input: Template
  readonly budget?: BudgetLease
}

/** Runs another workflow as one step. */
export interface WorkflowStep extends StepBase {
  readonly workflow: string
  readonly input: Template
  readonly budget?: BudgetLease
}

/** Does one step for every item of a list, several at a time; the output is the list of outputs. */
export interface MapStep extends StepBase {
  readonly map: Reference
  /** The name by which the inner step refers to the item. */
  readonly as: string
  /** Default: as many as there are agents of the role. */
  readonly concurrency?: number
  /** With `onError: 'skip'`: fewer successes than this, and the step fails after all. Default 0. */
  readonly atLeast?: number
  readonly step: Omit<AskStep, 'id' | 'onError'> | Omit<WorkflowStep, 'id' | 'onError'>
}

export interface BranchStep extends StepBase {
  readonly branch: readonly { readonly when: Condition; readonly steps: readonly Step[] }[]
  readonly otherwise?: readonly Step[]
}

/** Repeats until the condition holds after a round, at most `maxRounds` times; `round` counts from 1. */
export interface LoopStep extends StepBase {
  readonly loop: readonly Step[]
  readonly until: Condition
  readonly maxRounds: number
}

/** Waits for a person; the answer is the output. Unanswered in time, the run ends as needs-human, or skips it. */
export interface HumanStep extends StepBase {
  readonly human: string
  /** What the person is shown. */
  readonly show?: Template
  /** Answers to choose from; any text when absent. */
  readonly choices?: readonly string[]
}

export type Step = AskStep | WorkflowStep | MapStep | BranchStep | LoopStep | HumanStep

export interface WorkflowDefinition<Input = unknown> {
  /** Also the type of its runs' addresses. */
  readonly name: string
  readonly description: string
  readonly input: z.ZodType<Input>
  /** Role to the name of the agents that play it. */
  readonly agents: Readonly<Record<string, string>>
  readonly steps: readonly Step[]
  readonly output: Template
}

export interface Workflow<Input = unknown> extends WorkflowDefinition<Input> {
  readonly kind: 'workflow'
}

/** A checked workflow. Throws `workflow-invalid` naming all that is wrong. */
export function defineWorkflow<Input>(definition: WorkflowDefinition<Input>): Workflow<Input> {
  const problems = problemsOf(definition)
  if (problems.length > 0) {
    throw new RuntimeError('workflow-invalid', `workflow "${definition.name}": ${problems.join('; ')}`, {
      details: { problems },
    })
  }
  return { ...definition, kind: 'workflow' }
}

/** Every step of `steps`, also those within branches and loops. */
export function* stepsWithin(steps: readonly Step[]): Generator<Step> {
  for (const step of steps) {
    yield step
    if ('branch' in step) {
      for (const { steps: inner } of step.branch) yield* stepsWithin(inner)
      yield* stepsWithin(step.otherwise ?? [])
    } else if ('loop' in step) yield* stepsWithin(step.loop)
  }
}

function problemsOf(definition: Omit<WorkflowDefinition, 'input'>): readonly string[] {
  const { name, description, agents, steps, output } = definition
  const problems: string[] = []
  if (!isToken(name)) problems.push(`its name "${name}" is not a token`)
  if (!description) problems.push('it has no description')
  for (const [role, agent] of Object.entries(agents ?? {})) {
    if (!isName(role)) problems.push(`"${role}" cannot name a role`)
    if (!isToken(agent)) problems.push(`role "${role}": "${agent}" cannot name an agent`)
  }
  // A literal read from a file was seen by no compiler, and every check below walks it.
  const foreign = notPlain({ steps, output })
  if (foreign !== undefined) return [...problems, foreign]
  const check: Check = { roles: agents ?? {}, known: new Set(['input']), ids: new Set(), problems }
  if (!Array.isArray(steps) || steps.length === 0) problems.push('it has no steps')
  else checkSteps(check, steps)
  checkReferences(check, 'output', output)
  return problems
}

interface Check {
  readonly roles: WorkflowDefinition['agents']
  /** What a reference may start from. */
  readonly known: Set<string>
  readonly ids: Set<string>
  readonly problems: string[]
}

/** Names that mean something else in a run. */
const RESERVED: ReadonlySet<string> = new Set(['input', 'round', 'index', 'end'])

/** What an object already has by birth (`constructor`, `__proto__`) cannot be kept in one under that name. */
const isName = (name: unknown): name is string => isToken(name) && !(name in {})

function notPlain(value: unknown): string | undefined {
  try {
    toPlain(value, 'workflow')
    return undefined
  } catch (error) {
    return toRuntimeError(error).message
  }
}

/** Steps may refer to what comes before them; what a branch or loop yields inside is known after it, maybe as null. */
function checkSteps(check: Check, steps: readonly Step[]): void {
  const { ids, known, problems } = check
  for (const step of steps) {
    const kinds = KINDS.filter(kind => typeof step === 'object' && step !== null && kind in step)
    if (kinds.length !== 1) {
      problems.push(`step "${step?.id}" is ${kinds.length === 0 ? 'of no known kind' : kinds.join(' and ')}`)
      continue
    }
    if (!isName(step.id)) problems.push(`step id "${step.id}" is not a token, or means something else`)
    if (ids.has(step.id) || RESERVED.has(step.id)) problems.push(`step id "${step.id}" is taken`)
    ids.add(step.id)
    const where = `step "${step.id}"`
    checkBase(check, where, step)
    checkKind(check, where, step)
    known.add(step.id)
  }
}

const KINDS = ['ask', 'workflow', 'map', 'branch', 'loop', 'human'] as const

function checkBase({ problems }: Check, where: string, { onError, timeoutMs }: Partial<StepBase>): void {
  if (onError !== undefined && onError !== 'fail' && onError !== 'skip')
    problems.push(`${where}: onError "${onError}" is neither fail nor skip`)
  if (timeoutMs !== undefined && !(Number.isFinite(timeoutMs) && timeoutMs > 0))
    problems.push(`${where}: timeoutMs ${timeoutMs} is not a number above 0`)
}

function checkKind(check: Check, where: string, step: Step): void {
  if ('map' in step) checkMap(check, where, step)
  else if ('branch' in step) checkBranch(check, where, step)
  else if ('loop' in step) checkLoop(check, where, step)
  else if ('human' in step) checkHuman(check, where, step)
  else checkCall(check, where, step)
}

function checkMap(check: Check, where: string, { map, as, concurrency, atLeast, step }: MapStep): void {
  const { known, problems } = check
  if (!isReference(map)) problems.push(`${where} maps over something that is not a reference`)
  checkReferences(check, where, map)
  if (concurrency !== undefined) checkCount(check, where, 'concurrency', concurrency)
  if (atLeast !== undefined) checkCount(check, where, 'atLeast', atLeast, 0)
  if (!isName(as) || known.has(as) || RESERVED.has(as))
    problems.push(`${where}: "${as}" cannot name its items`)
  if (typeof step !== 'object' || step === null || 'ask' in step === 'workflow' in step) {
    problems.push(`${where} does neither an ask nor a workflow for its items`)
    return
  }
  checkBase(check, where, step)
  checkCall({ ...check, known: new Set([...known, as, 'index']) }, where, step)
}

function checkBranch(check: Check, where: string, { branch, otherwise = [] }: BranchStep): void {
  if (!isList(branch) || branch.length === 0) {
    check.problems.push(`${where} has no cases`)
    return
  }
  for (const { when, steps } of branch) {
    checkCondition(check, where, when)
    checkList(check, where, steps)
  }
  checkList(check, where, otherwise)
}

function checkLoop(check: Check, where: string, { loop, until, maxRounds }: LoopStep): void {
  const { known, problems } = check
  checkCount(check, where, 'maxRounds', maxRounds)
  if (!isList(loop) || loop.length === 0) problems.push(`${where} repeats nothing`)
  const isInner = known.has('round')
  known.add('round')
  checkList(check, where, loop)
  checkCondition(check, where, until)
  if (!isInner) known.delete('round')
}

function checkHuman(check: Check, where: string, { human, show, choices }: HumanStep): void {
  if (typeof human !== 'string' || human === '') check.problems.push(`${where} asks a person nothing`)
  if (choices !== undefined && !(isList(choices) && choices.length > 0 && choices.every(isText)))
    check.problems.push(`${where} gives nothing to choose from`)
  checkReferences(check, where, show)
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string'

function checkList(check: Check, where: string, steps: readonly Step[]): void {
  if (isList(steps)) checkSteps(check, steps)
  else check.problems.push(`${where}: its steps are not a list`)
}

type Call = Omit<AskStep, 'id'> | Omit<WorkflowStep, 'id'>

function checkCall(check: Check, where: string, call: Call): void {
  const { roles, problems } = check
  if ('ask' in call) {
    if (!Object.hasOwn(roles, call.ask)) problems.push(`${where} asks the unknown role "${call.ask}"`)
    if (!isToken(call.skill)) problems.push(`${where}: "${call.skill}" cannot name a skill`)
  } else if (!isToken(call.workflow)) problems.push(`${where}: "${call.workflow}" cannot name a workflow`)
  const lease = call.budget && leaseProblem(call.budget)
  if (lease !== undefined) problems.push(`${where}: ${lease}`)
  checkReferences(check, where, call.input)
}

function leaseProblem(budget: BudgetLease): string | undefined {
  try {
    parseLease(budget)
    return undefined
  } catch (error) {
    return toRuntimeError(error).message
  }
}

function checkCondition(check: Check, where: string, condition: Condition): void {
  if (isCondition(condition)) checkReferences(check, where, condition)
  else check.problems.push(`${where} has a condition that is none: ${JSON.stringify(condition)}`)
}

function checkReferences({ known, problems }: Check, where: string, value: unknown): void {
  for (const path of referencesIn(value)) {
    const [root = ''] = path.split('.')
    if (!known.has(root)) problems.push(`${where} refers to "${path}", which is not known there`)
  }
}

function checkCount({ problems }: Check, where: string, what: string, value: number, least = 1): void {
  if (!Number.isSafeInteger(value) || value < least)
    problems.push(`${where}: ${what} ${value} is not a whole number of at least ${least}`)
}
