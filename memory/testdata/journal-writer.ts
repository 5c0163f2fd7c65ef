/**
 * A child process for the tests of kill -9. `journal-writer.ts write DIR`: appends until it is killed, and prints
 * `actor seq` for every commit once it is acknowledged. `journal-writer.ts hold DIR`: owns, prints `held`, waits.
 */
import { address } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { createCodec } from '../../runtime/codec.ts'
import { openLevelJournal } from '../level-journal.ts'
import { ownDirectory } from '../owner.ts'
import { commitOf, stateOf } from './commits.ts'

const [mode = '', dir = ''] = process.argv.slice(2)
const print = (line: string) =>
  new Promise<void>(resolve => {
    process.stdout.write(`${line}\n`, () => resolve())
  })

async function write(): Promise<void> {
  const journal = await openLevelJournal({ dir, encoder: createCodec(), snapshotEvery: 9 })
  const writer = async (id: number): Promise<void> => {
    const actor = address('tester', `w${id}`)
    const recorded = await journal.read(actor)
    let seq = recorded?.commits.at(-1)?.seq ?? recorded?.snapshot?.seq ?? 0
    for (;;) {
      seq++
      const options = { sync: seq % 3 === 0, ...(id === 3 && { run: 'run' }) }
      await journal.append(commitOf(actor, seq), () => stateOf(seq - 1), options)
      await print(`${actor} ${seq}`)
    }
  }
  await print('open')
  await Promise.all([0, 1, 2, 3].map(writer))
}

try {
  if (mode === 'write') await write()
  await ownDirectory(dir)
  await print('held')
  setInterval(() => undefined, 60_000)
} catch (error) {
  if (!(error instanceof RuntimeError)) throw error
  await print(`refused ${error.kind} ${error.details?.['pid']}`)
}
