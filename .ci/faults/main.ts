/**
 * `npm run faults`: lists the fault injections; `npm run faults -- NAME [--count N] [--seed S]` makes one and keeps
 * its result; `-- all` makes all of them in full, `-- cluster` those of a cluster; `-- page` only writes `docs/faults.md` from what is kept.
 * Exits with 1 when a promise was broken or something could not run.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { thisMachine } from '../../bench/machine.ts'
import { FAULT_CASES } from './cases.ts'
import type { FaultCase } from './fault-case.ts'
import { currentPage, keepResult, PAGE } from './results.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: 'string' }, seed: { type: 'string', default: '1' } },
})
const [name] = positionals
/** `cluster` is all that break a cluster. */
const isOf = (group: string, one: FaultCase): boolean =>
  group === 'cluster' && one.name.startsWith('cluster-')
const chosen =
  name === 'all' ? FAULT_CASES : FAULT_CASES.filter(one => one.name === name || isOf(name ?? '', one))

function whole(text: string, what: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new Error(`--${what} "${text}" is not a whole number above zero`)
}

/** Makes one injection and keeps what came of it. Returns whether every promise was kept. */
async function inject(one: FaultCase): Promise<boolean> {
  const unable = one.unable?.()
  if (unable !== undefined) {
    console.error(`LEFT OUT: ${one.name}: ${unable}`)
    return false
  }
  const count = values.count === undefined ? one.count : whole(values.count, 'count')
  const seed = whole(values.seed, 'seed')
  const startedAt = performance.now()
  const say = (line: string): void => console.error(`${one.name}: ${line}`)
  const tally = await one.run({ count, seed, say })
  const seconds = Math.round((performance.now() - startedAt) / 1_000)
  const command = `npm run faults -- ${one.name} --count ${count} --seed ${seed}`
  await keepResult({ name: one.name, command, seed, seconds, machine: thisMachine(new Date()), tally })
  console.log(JSON.stringify({ case: one.name, seconds, ...tally }, null, 2))
  return tally.problems.length === 0 && tally.faults >= count
}

if (name === undefined) {
  for (const one of FAULT_CASES) console.log(`${one.name.padEnd(22)} ${one.count} times: ${one.title}`)
} else if (name !== 'page' && chosen.length === 0) {
  console.error(
    `there is no fault injection "${name}": ${FAULT_CASES.map(one => one.name).join(', ')}, cluster, all, page`,
  )
  process.exitCode = 64
} else {
  for (const one of chosen) if (!(await inject(one))) process.exitCode = 1
  await writeFile(PAGE, await currentPage())
}
