import * as assert from 'uvu/assert'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { fates, readNotes, unsafeNames } from './power-cut-notes.ts'

const test = testSuite('.ci/faults/power-cut-notes')
const notesOf = (...lines: string[]) => readNotes(lines.map((line, at) => `${at + 1} ${line}\n`).join(''))
const numbers = (notes: readonly { readonly n: number }[]) => notes.map(({ n }) => n)

test('a name is safe on a journaled disk once anything that came later was synced', () => {
  const notes = notesOf('mkdir j', 'create j/a', 'sync 7 10 2', 'create j/b', 'rename j/b j/a 1-5')
  assert.equal(numbers(unsafeNames(notes, 'journaled')), [4, 5])
})

test('a name is safe by the standard only once its own folder was synced', () => {
  const notes = notesOf('mkdir j', 'create j/a', 'sync 7 10 2', 'sync-folder j 3', 'unlink j/a 1-5')
  assert.equal(numbers(unsafeNames(notes, 'posix')), [1, 5])
})

test('a sync makes safe what was there when it began, not when it ended', () => {
  const notes = notesOf('overwrite 7 0 00', 'overwrite 7 1 01', 'create a', 'sync 7 48 1')
  assert.equal(numbers(unsafeNames(notes, 'journaled')), [3])
  assert.equal(numbers(fates(notes, new Map()).get(7)?.overwrites ?? []), [2])
})

test('a file has its last synced size, one that was there before has its old one, a truncated one less', () => {
  const notes = notesOf('sync 7 10 0', 'sync 7 30 0', 'truncate 8 5', 'sync 9 4 0', 'truncate 9 0')
  const safe = fates(
    notes,
    new Map([
      [8, 100],
      [6, 20],
    ]),
  )
  assert.equal(
    [6, 7, 8, 9].map(inode => safe.get(inode)?.safeSize),
    [20, 30, 5, 0],
  )
})

test('refuses a note that the model does not know, and ignores a line that was cut off', () => {
  assert.throws(() => readNotes('1 unknown pwritev64\n'))
  assert.equal(readNotes('1 create a\n2 crea'), [{ n: 1, what: 'create', path: 'a' }])
})

test.run()
