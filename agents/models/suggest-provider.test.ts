import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { suggestProvider } from './suggest-provider.ts'

const test = testSuite('agents/models/suggest-provider')
const providers = ['openai', 'anthropic', 'google', 'openai-compatible']

const CASES: readonly [written: string, meant: string | undefined][] = [
  ['opnai', 'openai'],
  ['OpenAI', 'openai'],
  ['antropic', 'anthropic'],
  ['googel', 'google'],
  ['openai-compat', undefined],
  ['openai_compatible', 'openai-compatible'],
  ['ollama', 'openai-compatible'],
  ['gpt-4o', 'openai'],
  ['o3', 'openai'],
  ['claude-sonnet', 'anthropic'],
  ['gemini', 'google'],
  ['zzz', undefined],
  ['', undefined],
  ['x'.repeat(100_000), undefined],
]

for (const [written, meant] of CASES) {
  test(`takes "${written.slice(0, 20)}" for ${meant ?? 'nothing known'}`, () =>
    assert.is(suggestProvider(written, providers), meant))
}

test.run()
