/**
 * `docs/faults.md` from the results of the fault injections. Pure; called by `main.ts` and by the test that holds
 * the document and the results together.
 */
import type { Machine } from '../../bench/machine.ts'
import type { FaultCase, Tally } from './fault-case.ts'

/** One run of a case, as it is kept. */
export interface FaultResult {
  readonly name: string
  readonly command: string
  readonly seed: number
  readonly seconds: number
  readonly machine: Machine
  readonly tally: Tally
}

const HEAD = `# Fault injection

What was broken on purpose, how often, and what became of what had been promised. The promise: a commit that was
acknowledged as synced survives a crash of the machine, any acknowledged one survives the end of the process; an effect
whose result was committed is never made again; damage is found, never read as data.

This page is generated: \`npm run faults\` lists the injections, \`npm run faults -- NAME [--count N] [--seed S]\` makes
one, keeps its result in \`.ci/faults/results/\` and writes this page again. Short versions of all of them run with
\`npm test\`. \`lost\` counts acknowledged commits and finished work that were gone; \`repeated\` counts committed effects
that were made again; \`unnoticed\` counts damage and losses that nobody was told of. A dash means that the fault cannot
cause it.
`

const TAIL = `## What is not covered

- The power cut is a model, not a switch: a shim notes what the process asked of the operating system. A disk that
  acknowledges a flush it has not made, or a file system that breaks its own rules, is not in it.
- Pages of an unsynced tail that reach the disk out of order, with zeros between them, are not in the table: the
  journal may then say \`store-corrupt\` although only commits that were never synced are gone.
- The nodes of a cluster, its brokers and its client share one machine: machines that lose their power under a cluster
  are not in the table. Of brokers that are a cluster themselves, one at a time is lost, never two.
- What an effect sent before its node stood still reaches the world whenever it does. Whatever must refuse it then has to
  compare the key and the attempt that come with it.
`

/** The page. Cases without a result are listed as not run. */
export function faultReport(cases: readonly FaultCase[], results: readonly FaultResult[]): string {
  const rows = cases.map(one => row(one, resultOf(one, results)))
  const table = ['| fault | injected | lost | repeated | unnoticed |', '|---|---:|---:|---:|---:|', ...rows]
  const sections = cases.map(one => section(one, resultOf(one, results)))
  return [HEAD, `${table.join('\n')}\n`, ...sections, TAIL].join('\n')
}

const resultOf = (one: FaultCase, results: readonly FaultResult[]): FaultResult | undefined =>
  results.find(({ name }) => name === one.name)

const grouped = (value: number): string => value.toLocaleString('en-US')
const orDash = (value: number | undefined): string => (value === undefined ? '–' : grouped(value))

function row(one: FaultCase, result: FaultResult | undefined): string {
  const link = `[${one.title}](#${one.title
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-')})`
  if (!result) return `| ${link} | not run | | | |`
  const { faults, lost, repeated, undetected } = result.tally
  const short = faults < one.count ? ` of ${grouped(one.count)}` : ''
  return `| ${link} | ${grouped(faults)}${short} | ${grouped(lost)} | ${orDash(repeated)} | ${orDash(undetected)} |`
}

function section(one: FaultCase, result: FaultResult | undefined): string {
  const head = `## ${one.title}\n\n${one.how}\n`
  if (!result) return `${head}\nNot run yet: \`npm run faults -- ${one.name}\`.\n`
  const { tally, machine, command, seconds, seed } = result
  const figures = Object.entries(tally.figures).map(([name, value]) => `| ${name} | ${grouped(value)} |`)
  const run = `\`${command}\`, seed ${seed}, ${grouped(seconds)} s on ${machine.date}; ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}.`
  const problems = tally.problems.map(
    problem => `- ${problem.replaceAll(/[\r\n]+/g, ' ').replaceAll(/[<>|`[\]]/g, "'")}`,
  )
  const wrong = problems.length > 0 ? `\n**What went wrong** (at most 20):\n\n${problems.join('\n')}\n` : ''
  return `${head}\n| counted | |\n|---|---:|\n${figures.join('\n')}\n\n${run}\n${wrong}`
}
