import * as assert from 'uvu/assert'
import { z } from 'zod'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { isStrictSchema } from './strict-schema.ts'
import { jsonSchemaOf } from './structured.ts'

const test = testSuite('agents/models/strict-schema')

const CASES: readonly [title: string, schema: z.ZodType, strict: boolean][] = [
  ['required properties', z.object({ a: z.string(), b: z.number(), c: z.boolean() }), true],
  ['nested objects and lists', z.object({ a: z.array(z.object({ b: z.string() })) }), true],
  [
    'enums, literals and nullables',
    z.object({ a: z.enum(['x', 'y']), b: z.literal(1), c: z.string().nullable() }),
    true,
  ],
  ['descriptions', z.object({ a: z.string().describe('why') }), true],
  ['an optional property', z.object({ a: z.string().optional() }), false],
  [
    'an optional property far inside',
    z.object({ a: z.array(z.object({ b: z.string().optional() })) }),
    false,
  ],
  ['a length limit', z.object({ a: z.string().min(1) }), false],
  ['an open object', z.looseObject({ a: z.string() }), false],
  ['a record', z.object({ a: z.record(z.string(), z.string()) }), false],
  ['a tuple', z.object({ a: z.tuple([z.string()]) }), false],
  ['a union at the root', z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]), false],
]

for (const [title, schema, strict] of CASES) {
  test(`${strict ? 'accepts' : 'does not accept'} ${title}`, () =>
    assert.is(isStrictSchema(jsonSchemaOf(schema)), strict))
}

test('does not accept nodes that are no schemas', () => {
  const object = (a: never) => ({
    type: 'object',
    additionalProperties: false,
    required: ['a'],
    properties: { a },
  })
  for (const node of [true, null, 'string', []]) assert.not(isStrictSchema(object(node as never)))
})

test.run()
