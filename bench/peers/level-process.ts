/** The two processes of `level-restart.ts`: the one that writes and is killed, and the one that reads. */
import { endWithParent, tellParent } from '../restarting.ts'
import { COMMITS_PER_RUN, UNFINISHED_RUNS } from '../work.ts'
import { numberIn, openStore, valueFor } from './level.ts'

endWithParent()
const [, , role, folder = ''] = process.argv
const store = await openStore(folder)
if (role === 'write') await write()
else await read()

async function write(): Promise<void> {
  for (let commit = 0; commit < COMMITS_PER_RUN; commit++) {
    const runs = Array.from({ length: UNFINISHED_RUNS }, (_, run) => run)
    await store.batch(runs.map(run => ({ type: 'put', key: `${run}/${commit}`, value: valueFor(commit) })))
  }
  tellParent({ done: 'written' })
}

async function read(): Promise<void> {
  const commits = new Map<string, Set<number>>()
  for await (const [key, value] of store.iterator()) {
    const run = key.slice(0, key.indexOf('/'))
    const found = commits.get(run) ?? new Set()
    commits.set(run, found.add(numberIn(value)))
  }
  tellParent({ done: 'live' })
  tellParent({ right: [...commits.values()].filter(({ size }) => size === COMMITS_PER_RUN).length })
}
