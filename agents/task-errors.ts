/** What can be wrong with a task, in words. Used by the rules of a task. */
import { RuntimeError, toWireError, type WireError } from '../actors/errors.ts'
import type { Agent } from './define-agent.ts'

export const noAssignment = (agent: Agent): RuntimeError =>
  new RuntimeError('input-invalid', `a task for ${agent.name} does not name a skill`, {
    fix: 'send { skill, input } as the body of task.assign',
  })

export const badConversation = (agent: Agent): RuntimeError =>
  new RuntimeError('input-invalid', `a task for ${agent.name} names its session or who asks in a wrong way`, {
    fix: 'give each as a text of 1 to 200 characters, or leave it out',
  })

export const unknownSkill = (agent: Agent, skill: string): RuntimeError =>
  new RuntimeError('skill-unknown', `${agent.name} has no skill "${skill}"`, {
    fix: `ask for one of ${Object.keys(agent.skills).join(', ')}`,
  })

export const misfitInput = (
  agent: Agent,
  name: string,
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): RuntimeError =>
  new RuntimeError('input-invalid', `the input of ${agent.name}.${name} does not fit its schema`, {
    why: issues.map(issue => `${issue.path.join('.') || 'input'}: ${issue.message}`).join('; '),
  })

export const needsModel = (agent: Agent, skill: string): RuntimeError =>
  new RuntimeError('model-required', `${agent.name}.${skill} cannot be done without a language model`, {
    why: 'it has no extractive way of filling its schema, and nothing is invented',
    fix: 'configure a model, for example with --model openai:gpt-5-mini',
  })

export const tooFar = (agent: Agent, reached: string): WireError =>
  toWireError(
    new RuntimeError('turn-limit', `${agent.name} used ${reached} without an answer`, {
      fix: 'raise its limits, or give it a smaller task',
    }),
  )

export const looping = (agent: Agent, tools: readonly string[], cycle: number): WireError => {
  return toWireError(
    new RuntimeError(
      'loop-detected',
      `${agent.name} repeats "${tools.join('", "')}" with the same arguments and result`,
      {
        why: `its last steps form a cycle of ${cycle}`,
        fix: 'improve its instructions, or use another model',
        details: { tools, cycle },
      },
    ),
  )
}
