/**
 * A child process for the tests of kill -9. `journal-writer.ts write DIR`: appends until it is killed, and prints
 * `actor seq` for every commit once it is acknowledged. `journal-writer.ts hold DIR`: owns, prints `held`, waits.
 */
import { writeSync } from 'node:fs'
import { address } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { createCodec } from '../../runtime/codec.ts'
import { openLevelJournal } from '../level-journal.ts'
import { ownDirectory } from '../owner.ts'
import { commitOf, quietCommit, stateOf } from './commits.ts'

const [mode = '', dir = ''] = process.argv.slice(2)
const print = (line: string) => writeSync(1, `${line}\n`)

async function write(): Promise<void> {
  const journal = await openLevelJournal({ dir, encoder: createCodec(), snapshotEvery: 9 })
  const writer = async (id: number): Promise<void> => {
    const actor = address('tester', `w${id}`)
    const recorded = await journal.read(actor)
    let seq = recorded?.commits.at(-1)?.seq ?? recorded?.snapshot?.seq ?? 0
    for (;;) {
      seq++
      const commit = seq % 3 === 0 ? commitOf(actor, seq) : quietCommit(actor, seq)
      await journal.append(commit, () => stateOf(seq))
      print(`${actor} ${seq}`)
    }
  }
  print('open')
  await Promise.all([0, 1, 2, 3].map(writer))
}

try {
  if (mode === 'write') await write()
  await ownDirectory(dir)
  print('held')
  setInterval(() => undefined, 60_000)
} catch (error) {
  if (!(error instanceof RuntimeError)) throw error
  print(`refused ${error.kind} ${error.details?.['pid']}`)
}
