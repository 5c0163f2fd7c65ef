import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { type Mark, openHighWater } from './high-water.ts'

const test = testSuite('memory/high-water')

const withFile = (body: (path: string) => Promise<void>) => async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ac-mark-'))
  try {
    await body(join(dir, 'high-water'))
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

const setAll = async (path: string, marks: readonly Mark[]) => {
  const file = await openHighWater(path, { create: true })
  for (const mark of marks) await file.set(mark)
  await file.close()
}

const found = async (path: string) => {
  const file = await openHighWater(path, { create: false })
  await file.close()
  return file.found
}

test(
  'finds the last mark that was set, and none before',
  withFile(async path => {
    await setAll(path, [])
    assert.equal(await found(path), { written: 0, synced: 0 })
    const file = await openHighWater(path, { create: false })
    for (let written = 1; written < 8; written++) {
      await file.set({ written, synced: written >> 1 })
      assert.equal(await found(path), { written, synced: written >> 1 })
    }
    await file.close()
  }),
)

test(
  'survives any single flipped bit with a mark that was set, at most one write older',
  withFile(async path => {
    await setAll(
      path,
      [1, 2, 3].map(written => ({ written, synced: written })),
    )
    const bytes = await readFile(path)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const broken = Buffer.from(bytes)
      broken[bit >> 3] = (broken[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      await writeFile(path, broken)
      assert.ok([2, 3].includes((await found(path))?.written ?? -1), `bit ${bit}`)
    }
  }),
)

test(
  'finds nothing in a file that is cut off or of another kind',
  withFile(async path => {
    for (const text of ['', 'x', 'x'.repeat(48), '\u0000'.repeat(48)]) {
      await writeFile(path, text)
      assert.is(await found(path), undefined, JSON.stringify(text))
    }
  }),
)

test(
  'can be set back, also against its older copy',
  withFile(async path => {
    await setAll(path, [{ written: 9, synced: 9 }])
    const file = await openHighWater(path, { create: false })
    await file.reset({ written: 4, synced: 4 })
    await file.close()
    assert.equal(await found(path), { written: 4, synced: 4 })
  }),
)

test.run()
