import * as assert from 'uvu/assert'
import { z } from 'zod'
import { RuntimeError } from '../actors/errors.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { type AgentDefinition, defineAgent } from './define-agent.ts'
import { defineSkill } from './skill.ts'
import { defineTool, type Tool } from './tool.ts'

const test = testSuite('agents/define-agent')

const refusal = (define: () => unknown): string => {
  try {
    define()
  } catch (error) {
    if (error instanceof RuntimeError && error.kind === 'definition-invalid') return error.message
    throw error
  }
  throw new Error('nothing was refused')
}

const tool = (name: string): Tool =>
  defineTool({ name, description: 'does', input: z.object({}), run: () => null }) as unknown as Tool
const skill = (tools: readonly Tool[] = []) =>
  defineSkill({
    description: 'does',
    input: z.object({}),
    output: z.object({}),
    extract: () => ({}),
    tools,
  })
const GOOD: AgentDefinition = { name: 'clerk', description: 'answers', skills: { work: skill() } }

const AGENTS: readonly (readonly [string, Partial<AgentDefinition>, string])[] = [
  ['a name that is no token', { name: 'two words' }, 'two words'],
  ['an empty name', { name: '' }, 'token'],
  ['no description', { description: '' }, 'description'],
  ['no skills', { skills: {} }, 'no skills'],
  ['a skill that is no token', { skills: { 'a b': skill() } }, 'a b'],
  ['two tools of one name', { tools: [tool('t'), tool('t')] }, 'same name'],
  [
    'a tool and a skill’s tool of one name',
    { tools: [tool('t')], skills: { a: skill([tool('t')]) } },
    'same name',
  ],
  [
    'tools of two skills with one name',
    { skills: { a: skill([tool('t')]), b: skill([tool('t')]) } },
    'same name',
  ],
  ['no turns', { limits: { maxTurns: 0 } }, 'maxTurns'],
  ['turns that are no number', { limits: { maxTurns: Number.NaN } }, 'maxTurns'],
  ['endless turns', { limits: { maxTurns: Number.POSITIVE_INFINITY } }, 'maxTurns'],
  ['less than no tool calls', { limits: { maxToolCalls: -1 } }, 'maxToolCalls'],
  ['half an output token', { limits: { maxOutputTokens: 0.5 } }, 'maxOutputTokens'],
]
for (const [what, wrong, named] of AGENTS) {
  test(`refuses an agent with ${what}`, () => {
    assert.match(
      refusal(() => defineAgent({ ...GOOD, ...wrong })),
      named,
    )
  })
}

test('names all that is wrong with an agent at once', () => {
  const message = refusal(() => defineAgent({ ...GOOD, name: 'a b', description: '', skills: {} }))
  for (const part of ['a b', 'description', 'no skills']) assert.match(message, part)
})

test('the very same tool may be given more than once, and no tool calls at all are a limit', () => {
  const shared = tool('t')
  const agent = defineAgent({
    ...GOOD,
    tools: [shared],
    skills: { a: skill([shared]), b: skill([shared]) },
    limits: { maxToolCalls: 0, maxTurns: 1, maxOutputTokens: 1 },
  })
  assert.is(agent.kind, 'agent')
})

test('refuses tools that could never be called, or be recovered as their class says', () => {
  const good = { name: 't', description: 'does', input: z.object({}), run: () => null }
  assert.is(defineTool(good).effect, 'manual')
  for (const wrong of [
    { name: 'a.b' },
    { name: '' },
    { description: '' },
    { effect: 'verifiable' as const },
    { effect: 'compensable' as const },
    { effect: 'sometimes' as never },
    { timeoutMs: 0 },
    { timeoutMs: Number.NaN },
  ]) {
    refusal(() => defineTool({ ...good, ...wrong }))
  }
  defineTool({ ...good, effect: 'verifiable', check: async () => ({ done: false }) })
  defineTool({ ...good, effect: 'compensable', undo: async () => {} })
})

test('refuses skills that could never be done', () => {
  const good = { description: 'does', input: z.object({}), output: z.object({ a: z.string() }) }
  refusal(() => defineSkill(good))
  refusal(() => defineSkill({ ...good, description: '', extract: () => ({ a: '' }) }))
  refusal(() => defineSkill({ ...good, prompt: () => ({ user: '' }), reply: z.object({}) }))
  assert.is(defineSkill({ ...good, extract: () => ({ a: '' }) }).kind, 'skill')
})

test.run()
