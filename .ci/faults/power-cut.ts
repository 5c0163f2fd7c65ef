/**
 * A power cut without cutting the power: compiles `power-cut.c`, says how to start a process under it, and once
 * that process was killed takes from its files what a disk need not have had. Used by `power-cuts.ts`.
 */
import { execFile } from 'node:child_process'
import { link, mkdir, open, readdir, readFile, rename, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Prng } from '../../runtime/testkit/simulation/prng.ts'
import {
  type FileFate,
  fates,
  type NameNote,
  type NamesModel,
  readNotes,
  unsafeNames,
} from './power-cut-notes.ts'

const SOURCE = fileURLToPath(new URL('./power-cut.c', import.meta.url))

/** Compiles the shim into `folder` and returns its path. Throws what to do when there is no compiler. */
export async function compileShim(folder: string): Promise<string> {
  if (process.platform !== 'linux')
    throw new Error('power cuts are simulated with LD_PRELOAD: run them on Linux')
  const shim = join(folder, 'power-cut.so')
  const args = [
    '-shared',
    '-fPIC',
    '-O2',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-o',
    shim,
    SOURCE,
    '-ldl',
    '-lpthread',
  ]
  await promisify(execFile)('gcc', args).catch(error => {
    if (error.code === 'ENOENT')
      throw new Error('power cuts need gcc: install it, for example with the package gcc and libc6-dev')
    throw error
  })
  return shim
}

/** Where the notes of one life of a process go. All of it is on the same file system as `root`. */
export interface Watched {
  /** Under its real name. */
  readonly root: string
  readonly notes: string
  readonly grave: string
  /** Sizes of the files that are there and count as safe, by inode. */
  readonly sizes: ReadonlyMap<number, number>
}

/** Makes ready to watch one process write below `root`, beside which it uses `<root>.notes` and `<root>.grave`. */
export async function watchFolder(root: string): Promise<Watched> {
  const watched = { root, notes: `${root}.notes`, grave: `${root}.grave` }
  await rm(watched.notes, { force: true })
  await rm(watched.grave, { recursive: true, force: true })
  await mkdir(watched.grave)
  const sizes = new Map((await filesIn(root)).map(({ inode, size }) => [inode, size]))
  return { ...watched, sizes }
}

/** The environment of a process to be watched, whose syncs take longer by `syncMicros`. io_uring would bypass libc. */
export const shimEnvironment = (
  shim: string,
  { root, notes, grave }: Watched,
  syncMicros = 0,
): Record<string, string> => ({
  LD_PRELOAD: shim,
  POWER_CUT_ROOT: root,
  POWER_CUT_LOG: notes,
  POWER_CUT_GRAVE: grave,
  POWER_CUT_SYNC_US: String(syncMicros),
  UV_USE_IO_URING: '0',
})

/**
 * What the disk kept of what it did not have to keep. `nothing`: the worst that syncs allow. `overwrites`: the
 * same, but bytes replaced in place got there. `some`: by chance, a prefix of the changed names and of each
 * file's tail. `holes`: as `some`, and pages within the tails may be zero, as a file system leaves them that
 * puts sizes on the disk before data.
 */
export type Kept = 'nothing' | 'overwrites' | 'some' | 'holes'

export interface CutReport {
  readonly names: number
  readonly bytes: number
  readonly overwrites: number
}

/** Takes from the files below the root what was not safe. The process must be dead. */
export async function cutPower(
  { root, notes, grave, sizes }: Watched,
  { names, kept }: { readonly names: NamesModel; readonly kept: Kept },
  random: Prng,
): Promise<CutReport> {
  const noted = readNotes(await readFile(notes, 'utf8').catch(absent))
  const bySome = kept === 'some' || kept === 'holes'
  const unsafe = unsafeNames(noted, names)
  const undone = unsafe.slice(bySome ? random.between(0, unsafe.length) : 0)
  for (const note of undone.reverse()) await undoName(root, grave, note)
  const known = fates(noted, sizes)
  const report = { names: undone.length, bytes: 0, overwrites: 0 }
  for (const { path, inode, size } of await filesIn(root)) {
    const fate = known.get(inode) ?? { safeSize: 0, overwrites: [] }
    report.overwrites += await undoOverwrites(path, fate, kept, random)
    const left =
      bySome && random.chance(0.7) ? random.between(Math.min(fate.safeSize, size), size) : fate.safeSize
    if (left < size) await truncate(path, left)
    if (kept === 'holes' && left > fate.safeSize && random.chance(0.5))
      await zeroPage(path, fate.safeSize, left, random)
    report.bytes += Math.max(0, size - left)
  }
  await rm(grave, { recursive: true, force: true })
  return report
}

const absent = (error: NodeJS.ErrnoException): string => {
  if (error.code === 'ENOENT') return ''
  throw error
}

interface Found {
  readonly path: string
  readonly inode: number
  readonly size: number
}

/** The regular files below a folder. */
async function filesIn(folder: string): Promise<Found[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return Promise.all(
    entries
      .filter(entry => entry.isFile())
      .map(async entry => {
        const path = join(entry.parentPath, entry.name)
        const { ino, size } = await stat(path)
        return { path, inode: ino, size }
      }),
  )
}

/** A change is noted before it is made: what was killed in between has nothing to undo. */
async function undoName(root: string, grave: string, note: NameNote): Promise<void> {
  const path = join(root, note.path)
  if (note.what === 'create') await rm(path, { force: true })
  else if (note.what === 'mkdir') await rm(path, { recursive: true, force: true })
  else if (note.what === 'rmdir') await mkdir(path, { recursive: true })
  else if (note.what === 'unlink') await exhume(grave, note.grave, path)
  else if (!(await exists(join(root, note.from)))) {
    await rename(path, join(root, note.from))
    await exhume(grave, note.grave, path)
  }
}

async function exhume(grave: string, name: string, path: string): Promise<void> {
  if (name === '-' || (await exists(path))) return
  await link(join(grave, name), path)
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

async function undoOverwrites(path: string, fate: FileFate, kept: Kept, random: Prng): Promise<number> {
  if (kept === 'overwrites' || fate.overwrites.length === 0) return 0
  const from = kept === 'nothing' ? 0 : random.between(0, fate.overwrites.length)
  const undone = fate.overwrites.slice(from).reverse()
  const file = await open(path, 'r+')
  try {
    for (const { old, offset } of undone) await file.write(old, 0, old.length, offset)
  } finally {
    await file.close()
  }
  return undone.length
}

const PAGE = 4096

async function zeroPage(path: string, from: number, to: number, random: Prng): Promise<void> {
  const page = Math.floor(random.between(from, to - 1) / PAGE) * PAGE
  const [start, end] = [Math.max(from, page), Math.min(to, page + PAGE)]
  const file = await open(path, 'r+')
  try {
    await file.write(Buffer.alloc(end - start), 0, end - start, start)
  } finally {
    await file.close()
  }
}
