import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { Level } from 'level'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { crc32c, readBatch, readLog, readManifest, valueIn } from './level-records.ts'
import { collect } from './testdata/commits.ts'
import { inFolder } from './testdata/folder.ts'

const test = testSuite('memory/level-records', { limitMs: 58_000 })

const databaseIn = (folder: string) => new Level<string, Uint8Array>(folder, { valueEncoding: 'view' })
const logIn = async (folder: string): Promise<string> =>
  join(folder, (await readdir(folder)).filter(name => name.endsWith('.log')).at(-1) ?? '')

test('computes the checksums of RFC 3720, appendix B.4', () => {
  assert.is(crc32c(Buffer.alloc(32)), 0x8a9136aa)
  assert.is(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43)
  assert.is(crc32c(Buffer.from(Array.from({ length: 32 }, (_, at) => at))), 0x46dd794e)
  assert.is(crc32c(new Uint8Array()), 0)
})

/** Batches of one entry each, so that its number names it: of every size, also above a block, and at its border. */
async function filled(folder: string): Promise<void> {
  const db = databaseIn(folder)
  const sizes = fc.sample(fc.constantFrom(0, 1, 5, 90, 700, 4_000, 33_000, 70_000), { numRuns: 120, seed: 4 })
  for (const [at, size] of sizes.entries()) {
    const key = `k${at + 1}`
    await db.put(key, new Uint8Array(size).fill(at))
    // Leaves a block so little room that the next record begins with nothing in it, or behind a filled trailer.
    if (at % 10 !== 0) continue
    const length = (await readFile(await logIn(folder))).length
    const room = 32_768 - (length % 32_768)
    const rest = room - 7 - 12 - 3 - 4 - 4 - (at % 20 === 0 ? 7 : 3)
    if (rest > 200) await db.put('fill', new Uint8Array(rest))
    else await db.put('fill', new Uint8Array(0))
  }
  await db.close()
}

interface Damage {
  readonly at: number
  readonly length: number
  readonly how: 'flip' | 'cut' | 'zero' | 'drop'
}

const damage: fc.Arbitrary<Damage> = fc.record({
  at: fc.noBias(fc.nat(2 ** 31 - 1)).map(at => at / 2 ** 31),
  length: fc.constantFrom(1, 40, 4_096, 32_768, 65_536),
  how: fc.constantFrom('flip', 'cut', 'zero', 'drop'),
})

function damaged(bytes: Buffer, { at, length, how }: Damage): Buffer {
  const from = Math.floor(at * bytes.length)
  const to = Math.min(bytes.length, from + length)
  if (how === 'cut') return bytes.subarray(0, from)
  if (how === 'drop') return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
  const changed = Buffer.from(bytes)
  if (how === 'zero') changed.fill(0, from, to)
  else changed[from] = (changed[from] ?? 0) ^ 4
  return changed
}

test(
  'reads of a damaged log what LevelDB reads of it, no more and no less',
  inFolder(async dir => {
    const [whole, copy] = [join(dir, 'whole'), join(dir, 'copy')]
    await filled(whole)
    const bytes = await readFile(await logIn(whole))
    assert.ok(readLog(bytes).isWhole)
    let fewer = 0
    for (const one of fc.sample(damage, { numRuns: 150, seed: 5 })) {
      await rm(copy, { recursive: true, force: true })
      await cp(whole, copy, { recursive: true })
      const changed = damaged(bytes, one)
      await writeFile(await logIn(copy), changed)
      const { records } = readLog(changed)
      const ours = new Set<string>()
      for (const { body } of records) {
        for (let n = 1; n <= 120; n++) if (valueIn(body, Buffer.from(`k${n}`))) ours.add(`k${n}`)
      }
      const db = databaseIn(copy)
      const keys = (await collect(db.keys())).filter(key => key !== 'fill')
      await db.close()
      assert.equal(keys, [...ours].sort(), JSON.stringify(one))
      if (keys.length < 120) fewer++
    }
    assert.ok(fewer > 50, `${fewer} damaged logs had less in them`)
  }),
)

test(
  'knows from the manifest the log and the entry with which LevelDB goes on',
  inFolder(async dir => {
    const folder = join(dir, 'level')
    const key = 'a-last'
    const manifest = async () => {
      const name = (await readFile(join(folder, 'CURRENT'), 'latin1')).trim()
      return readManifest(await readFile(join(folder, name)), Buffer.from(key))
    }
    let entries = 0
    for (const round of [1, 2, 3, 4]) {
      const db = databaseIn(folder) as Level<string, Uint8Array> & {
        compactRange(from: string, to: string): Promise<void>
      }
      await db.open()
      for (const part of [1, 2, 3]) {
        const from = await manifest()
        const log = await logIn(folder)
        assert.equal(from, { log: Number.parseInt(log.slice(folder.length + 1), 10), sequence: entries + 1 })
        const value = new Uint8Array(round * part)
        await db.batch().put(`k${entries}`, value).put(`x${part}`, value).del('k1').put(key, value).write()
        const [record] = readLog(await readFile(log)).records
        assert.equal(record && readBatch(record.body), { sequence: entries + 1, next: entries + 5 })
        entries += 4
        // What is in memory becomes a table; with the second one, all tables become one; the third is left in the log.
        if (part === 1) await db.compactRange(key, key)
        if (part === 2) await db.compactRange('', 'z')
      }
      await db.close()
    }
    const whole = await readFile(
      join(folder, (await readdir(folder)).find(name => name.startsWith('MANIFEST')) ?? ''),
    )
    const unused = Buffer.concat([whole, Buffer.alloc(90)])
    assert.equal(readManifest(unused, Buffer.from(key)), readManifest(whole, Buffer.from(key)))
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole)
      changed[at] = (changed[at] ?? 0) ^ 1
      const found = readManifest(changed, Buffer.from(key))
      // A length that became too large looks like an edit that was not written to its end, to LevelDB too.
      assert.ok(!found || found.sequence <= entries - 3, `byte ${at}`)
    }
  }),
)

test('reads hostile bytes without end or error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), bytes => {
      const body = Buffer.from(bytes)
      assert.equal(readLog(body).records, [])
      readBatch(body)
      valueIn(body, Buffer.from('k'))
      readManifest(sealed(body), Buffer.from('k'))
      assert.is(readLog(sealed(body)).records.length, 1)
    }),
    { seed: 6 },
  )
})

/** A log of one record with these bytes. */
function sealed(body: Buffer): Buffer {
  const record = Buffer.alloc(7 + body.length)
  record[6] = 1
  body.copy(record, 7)
  record.writeUInt16LE(body.length, 4)
  const crc = crc32c(record.subarray(6))
  record.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0, 0)
  return record
}

test.run()
