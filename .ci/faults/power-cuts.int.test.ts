/** The power-cut shim against a process that syncs and one that does not; and a short run of the fault case. */
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { prng } from '../../runtime/testkit/simulation/prng.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { startProgram } from './child-process.ts'
import { compileShim, cutPower, type Kept, shimEnvironment, watchFolder } from './power-cut.ts'
import type { NamesModel } from './power-cut-notes.ts'
import { powerCuts } from './power-cuts.ts'

const test = testSuite('.ci/faults/power-cuts', { limitMs: 180_000 })

/** Runs `body`, with `root` and node:fs as `fs`, under the shim, kills it, cuts the power; the files that are left. */
async function leftOf(body: string, names: NamesModel, kept: Kept): Promise<Record<string, string>> {
  const work = await realpath(await mkdtemp(join(tmpdir(), 'ac-shim-')))
  try {
    const root = join(work, 'disk')
    await mkdir(root)
    await writeFile(join(root, 'old'), 'old bytes')
    const program = join(work, 'program.mjs')
    const head = "import fs from 'node:fs'\nconst root = process.argv[2]\n"
    await writeFile(program, `${head}${body}\nfs.writeSync(1, 'written\\n')\nsetInterval(() => {}, 1000)\n`)
    const watched = await watchFolder(root)
    const child = startProgram(program, [root], shimEnvironment(await compileShim(work), watched))
    assert.is(await child.said('written'), 'written', child.errors())
    await child.kill()
    await cutPower(watched, { names, kept }, prng(1))
    const left = await readdir(root)
    return Object.fromEntries(
      await Promise.all(left.sort().map(async name => [name, await readFile(join(root, name), 'utf8')])),
    )
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

const SYNCED = `const file = fs.openSync(root + '/new', 'w')
fs.writeSync(file, 'synced')
fs.fsyncSync(file)
fs.writeSync(file, ' and not')`

if (process.platform === 'linux') {
  test('cuts a file to what was synced, and loses the name of one that never was', async () => {
    const body = `${SYNCED}\nfs.writeFileSync(root + '/later', 'never synced')`
    assert.equal(await leftOf(body, 'journaled', 'nothing'), { new: 'synced', old: 'old bytes' })
  })

  test('by the standard, loses a name whose folder was not synced, and keeps it when it was', async () => {
    assert.equal(await leftOf(SYNCED, 'posix', 'nothing'), { old: 'old bytes' })
    const body = `${SYNCED}\nconst folder = fs.openSync(root, 'r')\nfs.fsyncSync(folder)`
    assert.equal(await leftOf(body, 'posix', 'nothing'), { new: 'synced', old: 'old bytes' })
  })

  test('undoes bytes replaced in place, a rename over a file, and a deletion', async () => {
    const replaced = `const file = fs.openSync(root + '/old', 'r+')\nfs.writeSync(file, Buffer.from('NEW'), 0, 3, 0)`
    assert.equal(await leftOf(replaced, 'journaled', 'nothing'), { old: 'old bytes' })
    assert.equal(await leftOf(replaced, 'journaled', 'overwrites'), { old: 'NEW bytes' })
    const renamed = `${SYNCED}\nfs.renameSync(root + '/new', root + '/old')`
    assert.equal(await leftOf(renamed, 'journaled', 'nothing'), { new: 'synced', old: 'old bytes' })
    const deleted = "fs.unlinkSync(root + '/old')"
    assert.equal(await leftOf(deleted, 'journaled', 'nothing'), { old: 'old bytes' })
    const safely = `${deleted}\nfs.fsyncSync(fs.openSync(root, 'r'))`
    assert.equal(await leftOf(safely, 'posix', 'nothing'), {})
  })

  test('loses nothing that was synced in 20 power cuts', async () => {
    const tally = await powerCuts.run({ count: 20, seed: 20, say: () => {} })
    assert.equal(tally.problems, [])
    assert.equal([tally.faults, tally.lost, tally.undetected], [20, 0, 0])
    assert.ok((tally.figures['of these synced'] ?? 0) > 100, JSON.stringify(tally.figures))
    assert.ok((tally.figures['bytes cut off'] ?? 0) > 0, 'cuts that take nothing prove nothing')
  })
} else {
  test('says that it needs Linux', async () => {
    const error = await compileShim(tmpdir()).catch((thrown: unknown) => thrown)
    assert.match(String(error), 'Linux')
  })
}

test.run()
