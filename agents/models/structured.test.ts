import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { jsonSchemaOf, readObject, repairMessage } from './structured.ts'

const test = testSuite('agents/models/structured')

const schema = z.object({
  title: z.string(),
  findings: z.array(z.object({ statement: z.string().min(1), score: z.number() })),
})
const good = { title: 't', findings: [{ statement: 's', score: 1 }] }

const problemOf = (text: string, of: z.ZodType = schema): string => {
  const reading = readObject(of, text)
  assert.is(reading.ok, false)
  return reading.ok ? '' : reading.problem
}

test('gives a schema without $schema whose objects are closed', () => {
  const json = jsonSchemaOf(schema)
  assert.not('$schema' in json)
  assert.is(json['type'], 'object')
  assert.is(json['additionalProperties'], false)
  assert.equal(json['required'], ['title', 'findings'])
  const findings = (json['properties'] as Record<string, { items: Record<string, unknown> }>)['findings']
  assert.is(findings?.items['additionalProperties'], false)
})

test('leaves an object open that its author left open', () => {
  assert.equal(jsonSchemaOf(z.looseObject({ a: z.string() }))['additionalProperties'], {})
})

test('describes what goes in, not what a transform makes of it', () => {
  const json = jsonSchemaOf(
    z.object({ a: z.string().transform(text => text.length), b: z.string().default('x') }),
  )
  assert.equal(json['properties'], { a: { type: 'string' }, b: { default: 'x', type: 'string' } })
  assert.equal(json['required'], ['a'])
})

test('accepts recursive schemas', () => {
  const tree: z.ZodType = z.object({
    name: z.string(),
    get children(): z.ZodType {
      return z.array(tree)
    },
  })
  assert.is(jsonSchemaOf(tree)['type'], 'object')
})

for (const [title, wrong] of [
  ['a date', z.object({ at: z.date() })],
  ['a bigint', z.object({ n: z.bigint() })],
  ['a list at the root', z.array(z.string())],
  ['a string at the root', z.string()],
] as const) {
  test(`refuses a schema with ${title}`, () => {
    assert.throws(
      () => jsonSchemaOf(wrong),
      (error: unknown) => error instanceof RuntimeError && error.kind === 'definition-invalid',
    )
  })
}

for (const [title, text] of [
  ['bare', JSON.stringify(good)],
  ['with white space around it', `\n  ${JSON.stringify(good, null, 2)}\n\n`],
  ['in a json fence', `\`\`\`json\n${JSON.stringify(good, null, 2)}\n\`\`\``],
  ['in a fence without a language', `\`\`\`\n${JSON.stringify(good)}\n\`\`\`\n`],
  ['in a fence with Windows line ends', `\`\`\`json\r\n${JSON.stringify(good)}\r\n\`\`\``],
] as const) {
  test(`reads an answer ${title}`, () => assert.equal(readObject(schema, text), { ok: true, value: good }))
}

for (const [title, text] of [
  ['prose around the JSON', `Here you are: ${JSON.stringify(good)}`],
  ['prose around a fence', `Here:\n\`\`\`json\n${JSON.stringify(good)}\n\`\`\``],
  ['two JSON values', `${JSON.stringify(good)}\n${JSON.stringify(good)}`],
  ['two fences', `\`\`\`json\n${JSON.stringify(good)}\n\`\`\`\n\`\`\`json\n{}\n\`\`\``],
  ['JSON that was cut off', JSON.stringify(good).slice(0, -3)],
  ['nothing', ' \n '],
  ['an empty fence', '```json\n```'],
  ['nothing but a fence mark', '```'],
  ['nesting without end', '['.repeat(100_000) + ']'.repeat(100_000)],
  ['a __proto__ key', '{"title":"t","findings":[],"__proto__":{"x":1}}'],
] as const) {
  test(`does not accept ${title}`, () => assert.ok(problemOf(text).length > 0))
}

test('names each wrong path and what was expected there', () => {
  const problem = problemOf(
    JSON.stringify({
      findings: [
        { statement: 's', score: 1 },
        { statement: '', score: 'x' },
      ],
    }),
  )
  assert.match(problem, /"title".*string/)
  assert.match(problem, /"findings\[1\]\.statement"/)
  assert.match(problem, /"findings\[1\]\.score".*number/)
  assert.not.match(problem, /findings\[0\]/)
})

test('says so when the answer as a whole has the wrong type', () => {
  assert.match(problemOf('[]'), /the answer.*object/)
})

test('keeps the problem short whatever the answer', () => {
  const many = JSON.stringify({ title: 't', findings: Array.from({ length: 1000 }, () => ({})) })
  assert.ok(problemOf(many).length < 4000)
  const key = JSON.stringify({ ['k'.repeat(100_000)]: 1 })
  assert.ok(problemOf(key, z.strictObject({})).length < 400)
  assert.ok(problemOf('x'.repeat(100_000)).length < 400)
})

test('reads back whatever JSON a schema accepts, fenced or not', () => {
  const any = z.object({ value: z.json() })
  const value = fc.jsonValue({ depthSize: 'small' }).filter(v => !JSON.stringify(v).includes('__proto__'))
  fc.assert(
    fc.property(value, fc.boolean(), (json, fenced) => {
      const text = JSON.stringify({ value: json })
      const reading = readObject(any, fenced ? `\`\`\`json\n${text}\n\`\`\`` : text)
      assert.equal(reading, { ok: true, value: JSON.parse(text) })
    }),
  )
})

test('the repair message is from the user and carries the problem', () => {
  const message = repairMessage('- "title": expected string')
  assert.is(message.role, 'user')
  assert.ok('text' in message && message.text.includes('- "title": expected string'))
})

test.run()
