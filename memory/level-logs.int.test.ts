import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { Level } from 'level'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { levelLogs, WRITE_BUFFER } from './level-logs.ts'
import { inFolder } from './testdata/folder.ts'

const test = testSuite('memory/level-logs', { limitMs: 58_000 })

const logsIn = async (folder: string) => (await readdir(folder)).filter(name => name.endsWith('.log')).sort()

/** Writes entries of such sizes until LevelDB has begun several logs; each time it must have been foreseen. */
const foreseen = (keyBytes: number, valueBytes: readonly number[]) =>
  inFolder(async dir => {
    const folder = join(dir, 'level')
    const db = new Level<string, Uint8Array>(folder, { valueEncoding: 'view', writeBufferSize: WRITE_BUFFER })
    await db.open()
    const logs = await levelLogs(folder)
    let known = (await logsIn(folder)).at(-1)
    let unforeseen = 0
    let begun = 0
    const lengths = fc.sample(fc.constantFrom(...valueBytes), { numRuns: 40_000, seed: 3 })
    for (let n = 0; begun < 2 && n < 40_000; n++) {
      const mayBeNew = logs.mayBeNew()
      if (mayBeNew) await logs.sync()
      else unforeseen++
      const ops = Array.from({ length: 10 }, (_, at) => ({
        key: `${n * 10 + at}`.padEnd(keyBytes, '.'),
        value: new Uint8Array(lengths[(n + at) % lengths.length] ?? 0),
      }))
      logs.writing(ops)
      await db.batch(ops.map(op => ({ type: 'put', ...op })))
      // A write that LevelDB answers by a new log would have been preceded by a sync of all logs.
      if (!mayBeNew && n % 4 !== 0) continue
      const newest = (await logsIn(folder)).at(-1)
      if (newest === known) continue
      assert.ok(mayBeNew, `log ${newest} was begun unforeseen by write ${n}`)
      known = newest
      begun++
    }
    assert.is(begun, 2)
    assert.ok(unforeseen > 0, 'most of the time no sync is needed')
    await db.close()
  })

test('foresees every new log: small entries', foreseen(12, [0, 8, 30]))
test('foresees every new log: entries of the size of commits', foreseen(40, [200, 600, 900, 30]))
test(
  'foresees every new log: entries that waste most of their blocks',
  foreseen(30, [970, 1_000, 1_030, 980]),
)
test('foresees every new log: large entries', foreseen(30, [9_000, 100_000, 20]))

test(
  'syncs logs that are there, and is not held up by one that goes',
  inFolder(async dir => {
    const folder = join(dir, 'level')
    await mkdir(folder)
    const logs = await levelLogs(folder)
    await logs.sync()
    for (const name of ['000003.log', '000005.ldb', 'LOG']) await writeFile(join(folder, name), name)
    await logs.sync()
    assert.is(logs.mayBeNew(), false)
    logs.writing([{ key: 'k', value: new Uint8Array(WRITE_BUFFER) }])
    assert.is(logs.mayBeNew(), true)
    await logs.sync()
    assert.is(logs.mayBeNew(), true, 'the newest log is still the one that is full')
    await writeFile(join(folder, '000006.log'), '')
    await logs.sync()
    assert.is(logs.mayBeNew(), false)
  }),
)

test(
  'expects a log that LevelDB is told to begin until it was looked for after that, whatever begins meanwhile',
  inFolder(async dir => {
    const begin = (name: string) => writeFile(join(dir, name), '')
    await begin('000003.log')
    const logs = await levelLogs(dir)
    const [one, other] = [logs.beginning(), logs.beginning()]
    assert.is(logs.mayBeNew(), true)
    await begin('000005.log')
    await logs.sync()
    one()
    assert.is(logs.mayBeNew(), true, 'the other may still begin one')
    await begin('000007.log')
    other()
    await logs.sync()
    assert.is(logs.mayBeNew(), false)
  }),
)

test(
  'does not take a log for named because it was synced, also the millionth',
  inFolder(async dir => {
    await writeFile(join(dir, '999999.log'), '')
    const logs = await levelLogs(dir)
    assert.is(logs.mayBeUnnamed(), false)
    logs.writing([{ key: 'k', value: new Uint8Array(WRITE_BUFFER) }])
    await logs.sync()
    await writeFile(join(dir, '1000000.log'), '')
    await logs.sync()
    assert.equal([logs.mayBeNew(), logs.mayBeUnnamed()], [false, true])
    await logs.syncNames()
    assert.is(logs.mayBeUnnamed(), false)
  }),
)

test.run()
