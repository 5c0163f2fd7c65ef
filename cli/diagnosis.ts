/**
 * What `doctor` concludes from what it found, as a pure function: one check per thing a user may need, with
 * its state and what to do. Nothing here looks at the machine, and no value of a key is ever read.
 */
import type { KnownProvider } from '../agents/models/providers.ts'
import type { NatsServer } from './nats-server.ts'

export interface Facts {
  /** For example `20.19.0`. */
  readonly node: string
  readonly platform: string
  readonly cwd: string
  readonly cwdWritable: boolean
  readonly natsServer: NatsServer | undefined
  readonly providers: readonly KnownProvider[]
  /** Names of the environment variables that are set and not empty. */
  readonly variables: ReadonlySet<string>
}

export interface Check {
  readonly name: string
  readonly group: 'machine' | 'bus' | 'models' | 'search'
  /** `missing`: something needed is broken. `optional`: not there, and everything else works without it. */
  readonly state: 'ok' | 'missing' | 'optional'
  readonly found: string
  readonly todo?: string
}

const NODE_FLOOR = '20.19.0'
/** The oldest server that is still in use: Debian 12 has it. */
export const NATS_FLOOR = '2.9.10'
/** Providers that are reached by an address; their key is optional. */
const ADDRESS_OF: Readonly<Record<string, string>> = { 'openai-compatible': 'OPENAI_BASE_URL' }
const SEARCH = ['TAVILY_API_KEY', 'BRAVE_API_KEY', 'SEARXNG_URL']

const RELEASES = 'https://github.com/nats-io/nats-server/releases'

const GET_NATS: Readonly<Record<string, string>> = {
  linux: `apt-get install nats-server (Debian, Ubuntu), or unpack ${RELEASES} and set AGENTICRAFT_NATS_SERVER to it`,
  darwin: `brew install nats-server, or unpack ${RELEASES}`,
  win32: `choco install nats-server, or unpack ${RELEASES} and set AGENTICRAFT_NATS_SERVER to it`,
}

/** How to get a nats-server on a system, named as `process.platform` does. */
export const howToGetNats = (platform: string): string => GET_NATS[platform] ?? GET_NATS['linux'] ?? ''

export function diagnose(facts: Facts): Check[] {
  return [
    checkNode(facts),
    checkFolder(facts),
    checkNats(facts),
    ...facts.providers.map(provider => checkProvider(provider, facts.variables)),
    ...SEARCH.map(variable => checkSearch(variable, facts.variables)),
  ]
}

function checkNode({ node }: Facts): Check {
  const check = { name: 'node', group: 'machine', found: node } as const
  if (!isOlder(node, NODE_FLOOR)) return { ...check, state: 'ok' }
  return { ...check, state: 'missing', todo: `install Node.js ${NODE_FLOOR} or newer` }
}

function checkFolder({ cwd, cwdWritable }: Facts): Check {
  const check = { name: 'folder', group: 'machine', found: cwd } as const
  if (cwdWritable) return { ...check, state: 'ok' }
  return {
    ...check,
    state: 'missing',
    todo: 'make it writable, or choose another with --cwd: --out writes there',
  }
}

function checkNats({ natsServer, platform }: Facts): Check {
  const check = { name: 'nats-server', group: 'bus' } as const
  const get = howToGetNats(platform)
  if (!natsServer) {
    return {
      ...check,
      state: 'optional',
      found: 'not found; needed for agenticraft nats up only, not for a server elsewhere',
      todo: get,
    }
  }
  const { path, configured, version } = natsServer
  const broken = configured ? 'missing' : 'optional'
  if (version === undefined) {
    const todo = configured ? 'correct AGENTICRAFT_NATS_SERVER, or unset it' : get
    return { ...check, state: broken, found: `${path} does not start`, todo }
  }
  const found = `${version}  ${path}`
  if (!isOlder(version, NATS_FLOOR)) return { ...check, state: 'ok', found }
  return { ...check, state: broken, found, todo: `${NATS_FLOOR} or newer: ${get}` }
}

function checkProvider(provider: KnownProvider, variables: ReadonlySet<string>): Check {
  const { installed, keyVariable, keySet } = provider
  const address = ADDRESS_OF[provider.provider]
  const variable = address ?? keyVariable
  const set = address === undefined ? keySet : variables.has(address)
  const found = `${installed ? provider.package : `${provider.package} not installed`}, ${variable} ${set ? 'set' : 'not set'}`
  const todo = [installed ? '' : `npm install ${provider.package}`, set ? '' : `export ${variable}=…`].filter(
    Boolean,
  )
  const check = { name: provider.provider, group: 'models', found } as const
  return todo.length === 0
    ? { ...check, state: 'ok' }
    : { ...check, state: 'optional', todo: todo.join(' and ') }
}

function checkSearch(variable: string, variables: ReadonlySet<string>): Check {
  const check = { name: variable.split('_')[0]?.toLowerCase() ?? variable, group: 'search' } as const
  if (variables.has(variable)) return { ...check, state: 'ok', found: `${variable} set` }
  return { ...check, state: 'optional', found: `${variable} not set`, todo: `export ${variable}=…` }
}

/** Compares the numbers of two versions; a pre-release counts as its release. */
export function isOlder(version: string, than: string): boolean {
  const numbers = (text: string) => text.split('.').map(part => Number.parseInt(part, 10) || 0)
  const [have, need] = [numbers(version), numbers(than)]
  const at = need.findIndex((number, index) => number !== (have[index] ?? 0))
  return at >= 0 && (have[at] ?? 0) < (need[at] ?? 0)
}
