/**
 * Paths that a model wrote, resolved inside one folder and nowhere else. Called by the file tools. It
 * follows symbolic links to see where they lead and refuses what leaves the folder; it never writes.
 */
import { constants } from 'node:fs'
import { type FileHandle, open, realpath } from 'node:fs/promises'
import { isAbsolute, join, relative, sep, win32 } from 'node:path'
import { RuntimeError, toRuntimeError } from '../../actors/errors.ts'
import { matchingFiles } from './glob.ts'

export interface ConfinedFile {
  /** As found from the root, with `/`. */
  readonly path: string
  /** Where it really is, links resolved. */
  readonly absolute: string
}

/** The file or folder `path` inside `root`. Throws `path-refused`, and `tool-failed` when nothing is there. */
export async function confinedPath(root: string, path: string): Promise<ConfinedFile> {
  refuseForm(path)
  const base = await realpath(root)
  const absolute = await realpath(join(base, path)).catch((cause: unknown) => {
    throw missing(path, cause)
  })
  if (!isInside(base, absolute)) throw refuse(path, 'it leads out of the folder')
  return { path: toPosix(relative(base, join(base, path))) || '.', absolute }
}

/** The files that `pattern` matches inside `root`, sorted; links and dot files are not followed. Throws `path-refused`. */
export async function confinedGlob(root: string, pattern: string): Promise<ConfinedFile[]> {
  refuseForm(pattern)
  const base = await realpath(root)
  const paths = await matchingFiles(pattern, { cwd: base, followSymbolicLinks: false, dot: false })
  return Promise.all(paths.map(path => confinedPath(base, path)))
}

/**
 * Opens a confined file for reading. The last step follows no link, does not wait on a pipe, and the path
 * is resolved again after opening, so a link put in between is noticed. Throws like `confinedPath`.
 */
export async function openConfined(root: string, path: string): Promise<FileHandle> {
  const { absolute } = await confinedPath(root, path)
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
  const handle = await open(absolute, flags).catch((cause: unknown) => {
    throw missing(path, cause)
  })
  try {
    const again = await confinedPath(root, path)
    if (again.absolute !== absolute) throw refuse(path, 'it changed while it was opened')
    if (!(await handle.stat()).isFile()) throw refuse(path, 'it is not a file')
    return handle
  } catch (thrown) {
    await handle.close()
    throw toRuntimeError(thrown, 'tool-failed')
  }
}

/** `path` with `/` between its parts, also on Windows. */
export const toPosix = (path: string): string => (sep === '/' ? path : path.replaceAll(sep, '/'))

function refuseForm(path: string): void {
  const why =
    (path === '' && 'it is empty') ||
    (path.includes('\0') && 'it contains a NUL character') ||
    ((isAbsolute(path) || win32.isAbsolute(path) || /^[A-Za-z]:/.test(path)) && 'it is absolute') ||
    (path.startsWith('~') && 'it starts with "~"') ||
    (hasParentSegment(path) && 'it goes up with ".."')
  if (why) throw refuse(path, why)
}

/** Also inside braces; a glob that spells `..` in yet another way is refused by what it finds. */
const hasParentSegment = (path: string): boolean => path.split(/[/\\{},()|]/).includes('..')

const isInside = (base: string, absolute: string): boolean => {
  const path = relative(base, absolute)
  return path === '' || (path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path))
}

const refuse = (path: string, why: string): RuntimeError =>
  new RuntimeError('path-refused', `the path "${shown(path)}" is refused`, {
    why,
    fix: 'give a path relative to the folder, for example "docs/guide.md"',
    details: { path: shown(path) },
  })

const missing = (path: string, cause: unknown): RuntimeError =>
  new RuntimeError('tool-failed', `"${shown(path)}" cannot be opened`, {
    retryable: false,
    why: (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : 'it cannot be read',
    fix: 'check the path and its permissions',
    cause,
  })

const shown = (path: string): string => path.slice(0, 200).replaceAll('\0', '\\0')
