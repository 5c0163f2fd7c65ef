/**
 * `agenticraft doctor`: looks at this machine and says what works, what is optional and how to get it.
 * Exit code 0 unless something needed is broken (78). It looks at the names of keys, never at their values.
 */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { packageVersion } from '../../runtime/package-version.ts'
import type { Command, CommandContext } from '../command.ts'
import { type Check, diagnose, type Facts } from '../diagnosis.ts'
import { EXIT } from '../failure.ts'
import { findNatsServer } from '../nats-server.ts'
import { type Paint, printable } from '../terminal.ts'

const MARKS = { ok: ['green', '✔'], missing: ['red', '✖'], optional: ['yellow', '○'] } as const
const TITLES = { machine: 'Machine', bus: 'Bus', models: 'Language models', search: 'Web search' } as const

export const doctor: Command = {
  name: 'doctor',
  summary: 'check what this machine offers: Node, bus, models, search',
  async run({ terminal, cwd, env }) {
    const checks = diagnose(await gather({ cwd, env }))
    const healthy = checks.every(({ state }) => state !== 'missing')
    terminal.show({ agenticraft: packageVersion(), healthy, checks }, paint => render(checks, paint))
    return healthy ? EXIT.ok : EXIT.configuration
  },
}

async function gather({ cwd, env }: Pick<CommandContext, 'cwd' | 'env'>): Promise<Facts> {
  const { knownProviders } = await import('../../agents/models/providers.ts')
  return {
    node: process.versions.node,
    platform: process.platform,
    cwd,
    cwdWritable: await isWritable(cwd),
    natsServer: await findNatsServer(env),
    providers: knownProviders(env),
    variables: new Set(Object.keys(env).filter(name => env[name])),
  }
}

async function isWritable(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK)
    return true
  } catch {
    // Missing, foreign or read-only: for the user it is the same.
    return false
  }
}

function render(checks: readonly Check[], paint: Paint): string {
  const width = Math.max(...checks.map(({ name }) => name.length))
  const line = ({ name, state, found, todo }: Check) => {
    const [colour, mark] = MARKS[state]
    const advice = todo === undefined ? '' : `\n${' '.repeat(width + 6)}${paint('dim', `→ ${todo}`)}`
    return `  ${paint(colour, mark)} ${name.padEnd(width)}  ${printable(found)}${advice}`
  }
  const sections = Object.entries(TITLES).map(([group, title]) =>
    [paint('bold', title), ...checks.filter(check => check.group === group).map(line)].join('\n'),
  )
  return [...sections, conclusion(checks)].join('\n\n')
}

function conclusion(checks: readonly Check[]): string {
  const broken = checks.filter(({ state }) => state === 'missing').map(({ name }) => name)
  if (broken.length > 0) return `Needs attention: ${broken.join(', ')}.`
  const has = (group: Check['group']) => checks.some(check => check.group === group && check.state === 'ok')
  return has('models')
    ? 'All that is needed works.'
    : 'All that is needed works. Without a language model, agents quote your sources and write nothing of their own.'
}
