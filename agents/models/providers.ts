/**
 * Model names (`provider:model`) to models. Provider packages are optional peers, imported only when one of
 * their models is asked for. A new provider is one entry in `PROVIDERS` and its package in package.json.
 */
import type { LanguageModelV3 } from '@ai-sdk/provider'
import { RuntimeError } from '../../actors/errors.ts'
import { fromLanguageModel } from './ai-sdk.ts'
import type { Model, Prices } from './model.ts'
import { suggestProvider } from './suggest-provider.ts'

interface Provider {
  readonly package: string
  /** The major version that speaks language model interface 3. */
  readonly major: number
  /** The export that makes a provider of settings. */
  readonly factory: string
  readonly keyVariable: string
  /** True where servers without any key are common (Ollama, llama.cpp). */
  readonly keyOptional?: true
  readonly urlVariable?: string
  readonly urlRequired?: true
  readonly settings?: Readonly<Record<string, unknown>>
}

const PROVIDERS: Readonly<Record<string, Provider>> = {
  openai: {
    package: '@ai-sdk/openai',
    major: 3,
    factory: 'createOpenAI',
    keyVariable: 'OPENAI_API_KEY',
    urlVariable: 'OPENAI_BASE_URL',
  },
  anthropic: {
    package: '@ai-sdk/anthropic',
    major: 3,
    factory: 'createAnthropic',
    keyVariable: 'ANTHROPIC_API_KEY',
    urlVariable: 'ANTHROPIC_BASE_URL',
  },
  google: {
    package: '@ai-sdk/google',
    major: 3,
    factory: 'createGoogleGenerativeAI',
    keyVariable: 'GOOGLE_GENERATIVE_AI_API_KEY',
  },
  'openai-compatible': {
    package: '@ai-sdk/openai-compatible',
    major: 2,
    factory: 'createOpenAICompatible',
    keyVariable: 'OPENAI_API_KEY',
    keyOptional: true,
    urlVariable: 'OPENAI_BASE_URL',
    urlRequired: true,
    settings: { name: 'openai-compatible', includeUsage: true, supportsStructuredOutputs: true },
  },
}

export type Env = Readonly<Record<string, string | undefined>>

export interface ResolveOptions {
  /** Where keys and base URLs are read from, usually `process.env`. */
  readonly env: Env
  /** What this model costs; without it costs are unknown (null). */
  readonly prices?: Prices
  /** Replaces the global fetch, for proxies and tests. */
  readonly fetch?: typeof globalThis.fetch
  /** Loads a package; the default is `import()`. */
  readonly load?: (name: string) => Promise<unknown>
}

export interface KnownProvider {
  readonly provider: string
  readonly package: string
  readonly keyVariable: string
  readonly keySet: boolean
  readonly installed: boolean
}

type Factory = (settings: Readonly<Record<string, unknown>>) => (model: string) => unknown

/**
 * The model that `spec` names, or `spec` itself as a `Model`. A name is `provider:model`; the first colon
 * separates, so `openai-compatible:llama3:8b` works. Throws `model-unknown`, `model-key-missing` (also for a
 * missing base URL), `model-package-missing`, `definition-invalid` (a base URL that is none).
 */
export async function resolveModel(
  spec: string | LanguageModelV3 | Model,
  options: ResolveOptions,
): Promise<Model> {
  if (typeof spec !== 'string') return fromObject(spec, options)
  const { name, model, provider } = parse(spec)
  const apiKey = readKey(name, provider, options.env)
  const baseURL = readBaseUrl(name, provider, options.env)
  const create = await loadFactory(name, provider, options.load ?? (specifier => import(specifier)))
  const languageModel = create({
    ...provider.settings,
    ...(apiKey !== undefined && { apiKey }),
    ...(baseURL !== undefined && { baseURL }),
    ...(options.fetch && { fetch: options.fetch }),
  })(model)
  if (!isLanguageModelV3(languageModel)) throw wrongVersion(name, provider)
  return fromLanguageModel(languageModel, {
    id: `${name}:${model}`,
    keyVariable: provider.keyVariable,
    secrets: keysIn(options.env),
    ...(options.prices && { prices: options.prices }),
  })
}

/** Every provider that a model name may start with, and whether it could be used now. */
export function knownProviders(
  env: Env,
  isInstalled: (name: string) => boolean = canResolve,
): KnownProvider[] {
  return Object.entries(PROVIDERS).map(([provider, entry]) => ({
    provider,
    package: entry.package,
    keyVariable: entry.keyVariable,
    keySet: setting(env, entry.keyVariable) !== undefined,
    installed: isInstalled(entry.package),
  }))
}

function fromObject(spec: LanguageModelV3 | Model, { env, prices }: ResolveOptions): Model {
  if (isModel(spec)) return spec
  if (isLanguageModelV3(spec)) {
    return fromLanguageModel(spec, { secrets: keysIn(env), ...(prices && { prices }) })
  }
  const version = (spec as { specificationVersion?: unknown } | null)?.specificationVersion
  throw new RuntimeError('model-unknown', 'the given object is not a language model that can be used', {
    why: version
      ? `it speaks version "${String(version)}" of the AI SDK's interface, not "v3"`
      : 'it has no generate()',
    fix: 'pass provider:model, a Model, or a model object of the AI SDK providers for ai@6',
  })
}

const isModel = (value: unknown): value is Model =>
  typeof (value as Model | null)?.generate === 'function' && typeof (value as Model).id === 'string'

const isLanguageModelV3 = (value: unknown): value is LanguageModelV3 =>
  (value as LanguageModelV3 | null)?.specificationVersion === 'v3'

function parse(spec: string): { name: string; model: string; provider: Provider } {
  const colon = spec.indexOf(':')
  const name = colon < 0 ? '' : spec.slice(0, colon).trim()
  const model = spec.slice(colon + 1).trim()
  const provider = Object.hasOwn(PROVIDERS, name) ? PROVIDERS[name] : undefined
  if (provider && model !== '') return { name, model, provider }
  const providers = Object.keys(PROVIDERS)
  const suggestion = provider ? undefined : suggestProvider(colon < 0 ? spec : name, providers)
  const wanted = suggestion && `${suggestion}:${model || 'model'}`
  throw new RuntimeError('model-unknown', `"${spec.slice(0, 80)}" does not name a model`, {
    why: provider ? 'the part after the colon is empty' : 'a model is named provider:model',
    fix: `${wanted ? `did you mean "${wanted.slice(0, 80)}"? ` : ''}providers: ${providers.join(', ')}`,
    details: { providers, ...(wanted && { suggestion: wanted }) },
  })
}

/** A variable that is empty or blank counts as not set. */
const setting = (env: Env, variable: string): string | undefined => env[variable]?.trim() || undefined

/** Every key in `env`: a model object made by the user most likely holds one of them. */
const keysIn = (env: Env): string[] =>
  Object.values(PROVIDERS).flatMap(({ keyVariable }) => setting(env, keyVariable) ?? [])

function readKey(name: string, { keyVariable, keyOptional }: Provider, env: Env): string | undefined {
  const key = setting(env, keyVariable)
  if (key === undefined && keyOptional) return undefined
  // A key that is no header value would be quoted in full by fetch's own error.
  if (key !== undefined && /^[\x21-\x7e]+$/.test(key)) return key
  throw new RuntimeError('model-key-missing', `${name} needs a key in ${keyVariable}`, {
    why: key === undefined ? `${keyVariable} is not set` : `${keyVariable} holds characters that no key has`,
    fix: `set ${keyVariable} in the environment`,
    details: { provider: name, variable: keyVariable },
  })
}

function readBaseUrl(name: string, { urlVariable, urlRequired }: Provider, env: Env): string | undefined {
  if (!urlVariable) return undefined
  const url = setting(env, urlVariable)
  const details = { provider: name, variable: urlVariable }
  const fix = `set ${urlVariable} to the server's URL, for example http://127.0.0.1:11434/v1`
  if (url === undefined) {
    if (!urlRequired) return undefined
    const message = `${name} needs a base URL in ${urlVariable}`
    throw new RuntimeError('model-key-missing', message, { why: `${urlVariable} is not set`, fix, details })
  }
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url
  // Not quoted: a base URL may carry a password.
  throw new RuntimeError('definition-invalid', `${urlVariable} is not an http(s) URL`, { fix, details })
}

async function loadFactory(name: string, provider: Provider, load: (name: string) => Promise<unknown>) {
  let module: unknown
  try {
    module = await load(provider.package)
  } catch (cause) {
    const absent = (cause as { code?: unknown } | null)?.code === 'ERR_MODULE_NOT_FOUND'
    throw packageError(provider, `${name} needs the package ${provider.package}`, {
      why: absent
        ? 'it, or a package that it needs, is not installed'
        : 'it is installed but cannot be loaded',
      cause,
    })
  }
  const factory = (module as Readonly<Record<string, unknown>>)[provider.factory]
  if (typeof factory === 'function') return factory as Factory
  throw wrongVersion(name, provider)
}

const wrongVersion = (name: string, provider: Provider): RuntimeError =>
  packageError(provider, `${name} cannot use the installed ${provider.package}`, {
    why: `version ${provider.major} of it is needed`,
  })

const packageError = (provider: Provider, message: string, options: { why: string; cause?: unknown }) =>
  new RuntimeError('model-package-missing', message, {
    ...options,
    fix: `npm install ${provider.package}@${provider.major}`,
    details: { package: provider.package },
  })

/** Whether `import(name)` would find a file; nothing is loaded. */
function canResolve(name: string): boolean {
  try {
    import.meta.resolve(name)
    return true
  } catch {
    return false
  }
}
