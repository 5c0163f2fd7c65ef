import type { LanguageModelV3 } from '@ai-sdk/provider'
import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { knownProviders, type ResolveOptions, resolveModel } from './providers.ts'
import { scriptedModel } from './scripted.ts'

const test = testSuite('agents/models/providers')

const KEYS = {
  OPENAI_API_KEY: 'canary-openai',
  ANTHROPIC_API_KEY: 'canary-anthropic',
  GOOGLE_GENERATIVE_AI_API_KEY: 'canary-google',
}
const MODEL = { specificationVersion: 'v3', provider: 'x.chat', modelId: 'm' } as LanguageModelV3

/** A package that records what it was asked, in place of a real one. */
function packageOf(model: unknown = MODEL) {
  const seen: { name?: string; settings?: Record<string, unknown>; model?: string } = {}
  const create = (settings: Record<string, unknown>) => (id: string) => {
    Object.assign(seen, { settings, model: id })
    return model
  }
  const names = ['createOpenAI', 'createAnthropic', 'createGoogleGenerativeAI', 'createOpenAICompatible']
  const load = async (name: string) => {
    seen.name = name
    return Object.fromEntries(names.map(factory => [factory, create]))
  }
  return { seen, load }
}

async function refusal(spec: unknown, options: ResolveOptions): Promise<RuntimeError> {
  const thrown = await resolveModel(spec as string, options).then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.instance(thrown, RuntimeError)
  assert.not.match(JSON.stringify([thrown, (thrown as RuntimeError).message]), /canary/)
  return thrown as RuntimeError
}

for (const [spec, name, key] of [
  ['openai:gpt-x', '@ai-sdk/openai', 'canary-openai'],
  ['anthropic:claude-x', '@ai-sdk/anthropic', 'canary-anthropic'],
  ['google:gemini-x', '@ai-sdk/google', 'canary-google'],
] as const) {
  test(`${spec} loads ${name} and hands it the key`, async () => {
    const { seen, load } = packageOf()
    const model = await resolveModel(spec, { env: KEYS, load })
    assert.is(model.id, spec)
    assert.equal(seen, { name, settings: { apiKey: key }, model: spec.split(':')[1] })
  })
}

test('openai-compatible takes a base URL, and a key only if there is one', async () => {
  const { seen, load } = packageOf()
  const env = { OPENAI_BASE_URL: ' http://127.0.0.1:11434/v1 ', OPENAI_API_KEY: '  ' }
  const model = await resolveModel('openai-compatible:llama3:8b', { env, load })
  assert.is(model.id, 'openai-compatible:llama3:8b')
  assert.is(seen.model, 'llama3:8b')
  assert.equal(seen.settings, {
    name: 'openai-compatible',
    includeUsage: true,
    supportsStructuredOutputs: true,
    baseURL: 'http://127.0.0.1:11434/v1',
  })
  await resolveModel('openai-compatible:x', { env: { ...env, ...KEYS }, load })
  assert.is(seen.settings?.['apiKey'], 'canary-openai')
})

test('passes on a fetch of the caller, and the base URL of openai', async () => {
  const { seen, load } = packageOf()
  const fetch = globalThis.fetch
  const env = { ...KEYS, OPENAI_BASE_URL: 'https://proxy.example/v1' }
  await resolveModel('openai:gpt-x', { env, fetch, load })
  assert.equal(seen.settings, { apiKey: 'canary-openai', baseURL: 'https://proxy.example/v1', fetch })
})

for (const [spec, variable] of [
  ['openai:x', 'OPENAI_API_KEY'],
  ['anthropic:x', 'ANTHROPIC_API_KEY'],
  ['google:x', 'GOOGLE_GENERATIVE_AI_API_KEY'],
  ['openai-compatible:x', 'OPENAI_BASE_URL'],
] as const) {
  test(`${spec} without ${variable} says which variable is missing, before any package is loaded`, async () => {
    const load = () => Promise.reject(new Error('loaded'))
    for (const value of [undefined, '', '  ']) {
      const error = await refusal(spec, { env: { [variable]: value }, load })
      assert.is(error.kind, 'model-key-missing')
      assert.is(error.details?.['variable'], variable)
      assert.match(error.fix ?? '', new RegExp(variable))
    }
  })
}

test('a key that no header can hold is refused without being quoted', async () => {
  for (const key of ['canary key', 'canary\nkey', 'canary-ключ']) {
    assert.is((await refusal('openai:x', { env: { OPENAI_API_KEY: key } })).kind, 'model-key-missing')
  }
})

test('a base URL that is none is refused without being quoted', async () => {
  for (const url of ['canary', 'file:///canary', 'localhost:canary', 'http://']) {
    const error = await refusal('openai-compatible:x', { env: { OPENAI_BASE_URL: url } })
    assert.is(error.kind, 'definition-invalid')
  }
})

test('a package that is not installed is named, with the command to install it', async () => {
  const missing = Object.assign(new Error('no'), { code: 'ERR_MODULE_NOT_FOUND' })
  for (const [spec, install] of [
    ['openai:x', 'npm install @ai-sdk/openai@3'],
    ['anthropic:x', 'npm install @ai-sdk/anthropic@3'],
    ['google:x', 'npm install @ai-sdk/google@3'],
    ['openai-compatible:x', 'npm install @ai-sdk/openai-compatible@2'],
  ] as const) {
    const env = { ...KEYS, OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' }
    const error = await refusal(spec, { env, load: () => Promise.reject(missing) })
    assert.equal([error.kind, error.fix], ['model-package-missing', install])
  }
})

test('a package of another major version is refused with the version to install', async () => {
  for (const load of [
    packageOf({ specificationVersion: 'v2' }).load,
    async () => ({}),
    packageOf(null).load,
  ]) {
    const error = await refusal('openai:x', { env: KEYS, load })
    assert.equal([error.kind, error.fix], ['model-package-missing', 'npm install @ai-sdk/openai@3'])
  }
})

for (const [spec, suggestion] of [
  ['gpt-4o', 'openai:gpt-4o'],
  ['opnai:gpt-4o', 'openai:gpt-4o'],
  ['ollama:llama3:8b', 'openai-compatible:llama3:8b'],
  ['claude', 'anthropic:claude'],
  ['nobody:x', undefined],
  ['', undefined],
  [':', undefined],
  ['openai:', undefined],
  ['openai: ', undefined],
  ['toString:x', undefined],
  ['__proto__:x', undefined],
] as const) {
  test(`"${spec}" is unknown${suggestion ? `, and perhaps ${suggestion}` : ''}`, async () => {
    const error = await refusal(spec, { env: KEYS })
    assert.is(error.kind, 'model-unknown')
    assert.is(error.details?.['suggestion'], suggestion)
    assert.equal(error.details?.['providers'], ['openai', 'anthropic', 'google', 'openai-compatible'])
    assert.match(error.fix ?? '', /openai, anthropic, google, openai-compatible/)
  })
}

test('takes a Model as it is, and wraps an AI SDK model', async () => {
  const scripted = scriptedModel([])
  assert.is(await resolveModel(scripted, { env: {} }), scripted)
  assert.is((await resolveModel(MODEL, { env: {} })).id, 'x:m')
})

test('refuses objects that are no models', async () => {
  for (const spec of [null, undefined, 7, {}, { generate: 1 }, { specificationVersion: 'v2' }]) {
    assert.is((await refusal(spec, { env: {} })).kind, 'model-unknown')
  }
})

test('lists every provider, its key and whether its package is there', () => {
  const list = knownProviders({ OPENAI_API_KEY: 'x' }, name => name === '@ai-sdk/google')
  assert.equal(list[0], {
    provider: 'openai',
    package: '@ai-sdk/openai',
    keyVariable: 'OPENAI_API_KEY',
    keySet: true,
    installed: false,
  })
  assert.equal(
    list.map(entry => entry.provider),
    ['openai', 'anthropic', 'google', 'openai-compatible'],
  )
  assert.equal(
    list.map(entry => entry.keySet),
    [true, false, false, true],
  )
  assert.equal(
    list.map(entry => entry.installed),
    [false, false, true, false],
  )
})

test('finds the packages that are really installed', () => {
  assert.ok(knownProviders({}).every(entry => entry.installed))
})

test.run()
