/**
 * `npm run bench`: lists the scenarios; `npm run bench -- NAME` measures one; `-- setup` installs the peers.
 * `--data FILE` names the data of a scenario that brings none. The result goes to stdout (a table, or one JSON
 * object with `--json`), everything else to stderr.
 */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildDist, compile } from './compile.ts'
import { thisMachine } from './machine.ts'
import { DATA_VARIABLE } from './memory-recall/conversations.ts'
import { installedVersion, installPeers, missingPeers, versionIn } from './peer-packages.ts'
import { json, resultLine, table } from './report.ts'
import { runRounds } from './rounds.ts'
import { LOST, type Rounds, toRows } from './rows.ts'
import { type Scenario, subjectsOf } from './scenario.ts'
import { SCENARIOS } from './scenarios/index.ts'

const root = process.cwd()
const say = (line: string): boolean => process.stderr.write(`${line}\n`)

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, data: { type: 'string' } },
})
const [name] = positionals
const scenario = SCENARIOS.find(candidate => candidate.name === name)

if (name === undefined) console.log(list())
else if (name === 'setup') installPeers(root)
else if (scenario?.needsData && values.data === undefined) {
  say(`"${scenario.name}" needs --data FILE`)
  process.exitCode = 64
} else if (scenario) await bench(scenario, values.json === true)
else {
  say(`there is no scenario "${name}"\n\n${list()}`)
  process.exitCode = 64
}

function list(): string {
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length))
  const lines = SCENARIOS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
  return ['scenarios (npm run bench -- NAME [--json] [--data FILE]):', ...lines].join('\n')
}

async function bench(chosen: Scenario, asJson: boolean): Promise<void> {
  const missing = missingPeers(root)
  if (missing.length > 0) {
    say(`installing what we measure against into bench/ (missing: ${missing.join(', ')})`)
    installPeers(root)
  }
  if (chosen.needsDist) buildDist(root)
  if (values.data !== undefined) process.env[DATA_VARIABLE] = resolve(values.data)
  const compiled = compile(root)
  const ending = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort(signal))
  let found: Rounds = new Map()
  try {
    await runRounds(chosen, {
      root,
      compiled: compiled.folder,
      signal: ending.signal,
      onStart: (round, subject) => say(`round ${round} of ${chosen.rounds}: ${subject}`),
      onFound(rounds, _, one) {
        found = rounds
        say(resultLine(chosen, one))
      },
    })
  } finally {
    compiled.remove()
    // Also what there is when it was stopped, or a subject failed.
    if (found.size > 0) show(chosen, found, asJson)
    if (ending.signal.aborted) {
      say(`ended by ${ending.signal.reason}: not all of it was measured`)
      process.exitCode = 1
    }
  }
}

function show(chosen: Scenario, found: Rounds, asJson: boolean): void {
  const machine = thisMachine(new Date())
  const rows = toRows(chosen, found, labels(chosen))
  console.log((asJson ? json : table)(machine, chosen.name, rows))
  if (rows.some(({ metric, value }) => metric === LOST && value !== null && value > 0)) {
    say('replies were lost: the times above mean nothing')
    process.exitCode = 1
  }
}

/** A subject's name with the version that was measured. */
function labels(chosen: Scenario): (subject: string) => string {
  const subjects = new Map(subjectsOf(chosen).map(subject => [subject.name, subject]))
  return name => {
    const source = subjects.get(name)?.package ?? ''
    const version = source === 'agenticraft' ? versionIn(root) : installedVersion(root, source)
    return version === undefined ? name : `${name} (${version})`
  }
}
