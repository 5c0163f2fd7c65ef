import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import type { ModelRequest } from './model.ts'
import { toCallOptions } from './prompt.ts'

const test = testSuite('agents/models/prompt')

const signal = new AbortController().signal
const REQUEST: ModelRequest = { messages: [{ role: 'user', text: 'hello' }] }
const callFor = (request: ModelRequest) => toCallOptions(request, signal)

test('maps a conversation with tools to the prompt', () => {
  const { prompt } = callFor({
    messages: [
      { role: 'system', text: 'be brief' },
      { role: 'user', text: 'find x' },
      { role: 'assistant', text: 'searching', toolCalls: [{ id: 'c1', name: 'search', input: { q: 'x' } }] },
      {
        role: 'tool',
        results: [
          { id: 'c1', name: 'search', output: 'found' },
          { id: 'c2', name: 'search', output: { hits: 2, raw: new Uint8Array([1, 2]) } },
          { id: 'c3', name: 'search', output: 'broken', failed: true },
          { id: 'c4', name: 'search', output: { code: 1 }, failed: true },
        ],
      },
      { role: 'assistant', text: '' },
    ],
  })
  const result = (id: string, output: unknown) => ({
    type: 'tool-result',
    toolCallId: id,
    toolName: 'search',
    output,
  })
  assert.equal(prompt, [
    { role: 'system', content: 'be brief' },
    { role: 'user', content: [{ type: 'text', text: 'find x' }] },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'searching' },
        { type: 'tool-call', toolCallId: 'c1', toolName: 'search', input: { q: 'x' } },
      ],
    },
    {
      role: 'tool',
      content: [
        result('c1', { type: 'text', value: 'found' }),
        result('c2', { type: 'json', value: { hits: 2, raw: 'AQI=' } }),
        result('c3', { type: 'error-text', value: 'broken' }),
        result('c4', { type: 'error-json', value: { code: 1 } }),
      ],
    },
  ])
})

test('passes tools and limits on, and nothing that was not asked for', () => {
  const input = { type: 'object', properties: {} }
  const call = callFor({
    ...REQUEST,
    tools: [{ name: 'search', description: 'finds', input }],
    maxOutputTokens: 7,
    temperature: 0,
  })
  assert.equal(call.tools, [{ type: 'function', name: 'search', description: 'finds', inputSchema: input }])
  assert.equal([call.maxOutputTokens, call.temperature], [7, 0])
  assert.equal(Object.keys(callFor(REQUEST)).sort(), ['abortSignal', 'prompt'])
})

test('asks for JSON of the schema, and turns strict mode off for a schema that does not allow it', () => {
  const strict = {
    type: 'object',
    properties: { a: { type: 'string' } },
    required: ['a'],
    additionalProperties: false,
  }
  const call = callFor({ ...REQUEST, schema: strict, schemaName: 'plan' })
  assert.equal(call.responseFormat, { type: 'json', schema: strict, name: 'plan' } as never)
  assert.is(call.providerOptions, undefined)
  const loose = callFor({ ...REQUEST, schema: { ...strict, required: [] } })
  assert.is(loose.providerOptions?.['openai']?.['strictJsonSchema'], false)
  assert.is(loose.providerOptions?.['openaiCompatible']?.['strictJsonSchema'], false)
})

test.run()
