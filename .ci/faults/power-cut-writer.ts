/**
 * The process whose power is cut: opens the journal in `DIR`, prints what it found, then appends until it is
 * killed, and prints every commit once it is acknowledged. Started by `power-cuts.ts` as
 * `power-cut-writer DIR FIRST-APPEND SEED`. Nothing of it knows of power cuts.
 */
import { writeSync } from 'node:fs'
import { type Address, address } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { type LevelJournal, openLevelJournal } from '../../memory/level-journal.ts'
import { createCodec } from '../../runtime/codec.ts'
import { prng } from '../../runtime/testkit/simulation/prng.ts'
import {
  CHAIN_START,
  type ChainEnd,
  promisedCommit,
  promisedState,
  readPromised,
} from './promised-commits.ts'

const [dir = '', first = '1', seed = '1'] = process.argv.slice(2)
const random = prng(Number(seed))
const print = (text: string) => writeSync(1, text)

/** The last two keep their whole history. */
const ACTORS = ['a', 'b', 'c', 'd', 'e', 'f'].map(id => address('writer', id))
const runOf = (actor: Address) => (ACTORS.indexOf(actor) >= 4 ? { run: 'run-1' } : {})

async function write(journal: LevelJournal, ends: ReadonlyMap<Address, ChainEnd>): Promise<void> {
  const counter = { n: Number(first) }
  // Some lives sync so rarely that a log fills up in between.
  const share = random.pick([0.2, 0.02, 0.001])
  const writer = async (actor: Address): Promise<void> => {
    let end = ends.get(actor) ?? CHAIN_START
    const appendNext = async (): Promise<void> => {
      const before = end
      const { commit, after } = promisedCommit(actor, before, counter.n++)
      end = after
      const sync = random.chance(share)
      await journal.append(commit, () => promisedState(before), { ...runOf(actor), ...(sync && { sync }) })
      print(`ack ${after.n} ${actor} ${after.seq} ${sync ? 'sync' : '-'}\n`)
    }
    for (;;) await Promise.all(Array.from({ length: random.between(1, 4) }, appendNext))
  }
  await Promise.all(ACTORS.map(writer))
}

try {
  const journal = await openLevelJournal({ dir, encoder: createCodec(), snapshotEvery: 9 })
  const { ends, problems } = await readPromised(journal)
  const found = [...ends].map(([actor, { seq, n }]) => `found ${actor} ${seq} ${n}\n`)
  const wrong = problems.map(problem => `wrong ${problem}\n`)
  // In one write: a kill leaves all of it or nothing.
  print(`${wrong.join('')}${found.join('')}open ${journal.lostTail}\n`)
  await write(journal, ends)
} catch (error) {
  if (!(error instanceof RuntimeError)) throw error
  print(`refused ${error.kind} ${error.message}\n`)
  process.exitCode = 1
}
