/**
 * What `power-cut.c` noted, and what follows from it: which names, sizes and bytes a disk surely had when the
 * power went. Pure; `power-cut.ts` reads the notes and does to the files what is decided here.
 *
 * Two disks. `journaled`, as ext4, XFS and Btrfs are: changes of names reach the disk in their order, and any
 * sync brings all earlier ones along (which ALICE, OSDI 2014, calls a persistence property of the file system).
 * `posix`: a name is safe only after a sync of its folder, as the standard has it.
 */
import { dirname } from 'node:path/posix'

export type NameNote =
  | { readonly n: number; readonly what: 'create' | 'mkdir' | 'rmdir'; readonly path: string }
  | {
      readonly n: number
      readonly what: 'rename'
      readonly from: string
      readonly path: string
      readonly grave: string
    }
  | { readonly n: number; readonly what: 'unlink'; readonly path: string; readonly grave: string }

export type Note =
  | NameNote
  | {
      readonly n: number
      readonly what: 'overwrite'
      readonly inode: number
      readonly offset: number
      readonly old: Uint8Array
    }
  | { readonly n: number; readonly what: 'truncate'; readonly inode: number; readonly size: number }
  | {
      readonly n: number
      readonly what: 'sync'
      readonly inode: number
      readonly size: number
      readonly since: number
    }
  | { readonly n: number; readonly what: 'sync-folder'; readonly path: string; readonly since: number }

export type Overwrite = Extract<Note, { what: 'overwrite' }>
export type NamesModel = 'journaled' | 'posix'

const NAME_CHANGES: ReadonlySet<string> = new Set(['create', 'mkdir', 'rmdir', 'rename', 'unlink'])
const isNameNote = (note: Note): note is NameNote => NAME_CHANGES.has(note.what)

/** Throws for a line it does not know: a model that guesses proves nothing. */
export function readNotes(text: string): Note[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map(line => {
      const [number = '', what = '', ...rest] = line.split(' ')
      const note = noteOf(Number(number), what, rest)
      if (!note) throw new Error(`the power-cut shim noted "${line}", which its model does not know`)
      return note
    })
}

function noteOf(n: number, what: string, [first = '', second = '', third = '']: string[]): Note | undefined {
  switch (what) {
    case 'create':
    case 'mkdir':
    case 'rmdir':
      return { n, what, path: first }
    case 'rename':
      return { n, what, from: first, path: second, grave: third }
    case 'unlink':
      return { n, what, path: first, grave: second }
    case 'overwrite':
      return { n, what, inode: Number(first), offset: Number(second), old: Buffer.from(third, 'hex') }
    case 'truncate':
      return { n, what, inode: Number(first), size: Number(second) }
    case 'sync':
      return { n, what, inode: Number(first), size: Number(second), since: Number(third) }
    case 'sync-folder':
      return { n, what, path: first, since: Number(second) }
    default:
      return undefined
  }
}

/** The changes of names that no sync had made safe, oldest first. */
export function unsafeNames(notes: readonly Note[], model: NamesModel): NameNote[] {
  const safeIn = new Map<string, number>()
  let safe = 0
  for (const note of notes) {
    if (note.what !== 'sync' && note.what !== 'sync-folder') continue
    safe = Math.max(safe, note.since)
    if (note.what === 'sync-folder') safeIn.set(note.path, Math.max(safeIn.get(note.path) ?? 0, note.since))
  }
  const isSafe = ({ n, path }: NameNote): boolean =>
    n <= (model === 'journaled' ? safe : (safeIn.get(dirname(path)) ?? 0))
  return notes.filter(isNameNote).filter(note => !isSafe(note))
}

export interface FileFate {
  /** Bytes from the start that are surely there. */
  readonly safeSize: number
  /** Bytes replaced in place since the last sync, oldest first. */
  readonly overwrites: readonly Overwrite[]
}

/** What is safe of each file by its inode; `sizes` holds those that were there, and safe, from the beginning. */
export function fates(notes: readonly Note[], sizes: ReadonlyMap<number, number>): Map<number, FileFate> {
  const found = new Map<number, FileFate>()
  for (const [inode, safeSize] of sizes) found.set(inode, { safeSize, overwrites: [] })
  const at = (inode: number): FileFate => found.get(inode) ?? { safeSize: 0, overwrites: [] }
  for (const note of notes) {
    if (note.what === 'overwrite') {
      const { safeSize, overwrites } = at(note.inode)
      found.set(note.inode, { safeSize, overwrites: [...overwrites, note] })
    } else if (note.what === 'truncate') {
      const { safeSize, overwrites } = at(note.inode)
      found.set(note.inode, { safeSize: Math.min(safeSize, note.size), overwrites })
    } else if (note.what === 'sync') {
      const { safeSize, overwrites } = at(note.inode)
      // Two threads may sync one file: what either saw is safe.
      found.set(note.inode, {
        safeSize: Math.max(safeSize, note.size),
        overwrites: overwrites.filter(({ n }) => n > note.since),
      })
    }
  }
  return found
}
