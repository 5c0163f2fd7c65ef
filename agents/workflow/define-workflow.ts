/**
 * A workflow as one literal: who takes part, which steps, and what flows between them. The builder edits this
 * very literal, the runtime compiles it to a machine; there is no second format. Checked when it is defined.
 */
import type { z } from 'zod'
import { isToken } from '../../actors/address.ts'
import type { BudgetLease } from '../../actors/budget-lease.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { type Condition, type Reference, referencesIn, type Template } from './reference.ts'

interface StepBase {
  /** Unique in the workflow; its output is referred to by it. */
  readonly id: string
  /** What a failure of this step does. Default `fail`; `skip` goes on with null in its place. */
  readonly onError?: 'fail' | 'skip'
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

/** Waits for a person; the answer is the output. Unanswered in time, the run ends as needs-human. */
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
  const problems: string[] = []
  if (!isToken(definition.name)) problems.push(`its name "${definition.name}" is not a token`)
  if (definition.steps.length === 0) problems.push('it has no steps')
  const known = new Set(['input'])
  const ids = new Set<string>()
  checkSteps(definition, definition.steps, known, ids, problems)
  checkReferences('output', definition.output, known, problems)
  if (problems.length > 0) {
    throw new RuntimeError('workflow-invalid', `workflow "${definition.name}": ${problems.join('; ')}`, {
      details: { problems },
    })
  }
  return { ...definition, kind: 'workflow' }
}

type Roles = Pick<WorkflowDefinition, 'agents'>

/** Names that mean something else in a run. */
const RESERVED: ReadonlySet<string> = new Set(['input', 'round', 'index', 'end'])

/** Steps may refer to what comes before them; what a branch or loop yields inside is known after it, maybe as null. */
function checkSteps(
  workflow: Roles,
  steps: readonly Step[],
  known: Set<string>,
  ids: Set<string>,
  problems: string[],
): void {
  for (const step of steps) {
    if (!isToken(step.id)) problems.push(`step id "${step.id}" is not a token`)
    if (ids.has(step.id) || RESERVED.has(step.id)) problems.push(`step id "${step.id}" is taken`)
    ids.add(step.id)
    checkStep(workflow, step, known, ids, problems)
    known.add(step.id)
  }
}

function checkStep(
  workflow: Roles,
  step: Step,
  known: Set<string>,
  ids: Set<string>,
  problems: string[],
): void {
  const where = `step "${step.id}"`
  if ('ask' in step || 'workflow' in step) checkCall(workflow, where, step, known, problems)
  else if ('map' in step) {
    checkReferences(where, step.map, known, problems)
    checkPositive(where, 'concurrency', step.concurrency, problems)
    if (!isToken(step.as) || known.has(step.as)) problems.push(`${where}: "${step.as}" cannot name its items`)
    checkCall(workflow, where, step.step, new Set([...known, step.as, 'index']), problems)
  } else if ('branch' in step) {
    for (const { when, steps } of step.branch) {
      checkReferences(where, when, known, problems)
      checkSteps(workflow, steps, known, ids, problems)
    }
    checkSteps(workflow, step.otherwise ?? [], known, ids, problems)
  } else if ('loop' in step) {
    checkPositive(where, 'maxRounds', step.maxRounds, problems)
    if (step.loop.length === 0) problems.push(`${where} repeats nothing`)
    known.add('round')
    checkSteps(workflow, step.loop, known, ids, problems)
    checkReferences(where, step.until, known, problems)
    known.delete('round')
  } else if ('human' in step) {
    checkReferences(where, step.show ?? null, known, problems)
  } else problems.push(`${where} is of no known kind`)
}

function checkCall(
  workflow: Roles,
  where: string,
  call: Omit<AskStep, 'id'> | Omit<WorkflowStep, 'id'>,
  known: ReadonlySet<string>,
  problems: string[],
): void {
  if ('ask' in call && !Object.hasOwn(workflow.agents, call.ask))
    problems.push(`${where} asks the unknown role "${call.ask}"`)
  if ('workflow' in call && !isToken(call.workflow))
    problems.push(`${where}: "${call.workflow}" cannot name a workflow`)
  checkReferences(where, call.input, known, problems)
}

function checkReferences(
  where: string,
  value: unknown,
  known: ReadonlySet<string>,
  problems: string[],
): void {
  for (const path of referencesIn(value)) {
    const [root = ''] = path.split('.')
    if (!known.has(root)) problems.push(`${where} refers to "${path}", which is not known there`)
  }
}

function checkPositive(where: string, what: string, value: number | undefined, problems: string[]): void {
  if (value !== undefined && (!Number.isSafeInteger(value) || value < 1))
    problems.push(`${where}: ${what} ${value} is not a positive whole number`)
}
