/**
 * The folders whose files may be sources, where these are named by somebody else than whoever runs the process: a node of
 * a cluster is asked over the bus. What is named is checked before the disk is looked at, and what is opened once more,
 * with links resolved. Called by `sources.ts` and the corpus; without such folders sources may lead anywhere.
 */
import { type FileHandle, realpath } from 'node:fs/promises'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { RuntimeError } from '../../actors/errors.ts'
import { confinedPath, openConfined } from './confined-path.ts'
import { isGlob } from './glob.ts'

export interface SourceFolders {
  /** Throws `path-refused` for a path or glob that is not below one of the folders, or leads through hidden ones. */
  check(spec: string, cwd: string): Promise<void>
  /** Opens a file for reading. Throws `path-refused` also for a link that leads out, and as `openConfined`. */
  open(absolute: string): Promise<FileHandle>
}

/** Relative folders are looked up in the working directory. */
export function sourceFolders(folders: readonly string[]): SourceFolders {
  const given = folders.map(folder => resolve(folder))
  /** Of the folders that hold `absolute`, the one nearest to it: who opens `.notes` has opened it. */
  const around = async (absolute: string, shown: string): Promise<{ root: string; path: string }> => {
    const real = await Promise.all(given.map(folder => realpath(folder).catch(() => folder)))
    const found = [...new Set([...given, ...real])]
      .filter(folder => isWithin(folder, absolute))
      .sort((a, b) => b.length - a.length)[0]
    if (found === undefined) throw refused(shown, 'it is in no folder that this node opens to others')
    const path = relative(found, absolute)
    if (isHidden(path)) throw refused(shown, 'hidden files and folders are not opened to others')
    return { root: found, path }
  }
  return {
    async check(spec, cwd) {
      const { base, rest } = isGlob(spec) ? globParts(spec) : { base: spec, rest: '' }
      const pieces = rest.split(/[/\\{},()|]/)
      if (pieces.includes('..')) throw refused(spec, 'a pattern may not go up with ".."')
      if (/[{(|,][/\\]/.test(rest)) throw refused(spec, 'a pattern may not begin anew inside of it')
      if (rest.split(/[/\\]/).some(segment => segment.length > 1 && segment.startsWith('.')))
        throw refused(spec, 'hidden files and folders are not opened to others')
      await around(resolve(cwd, base), spec)
    },
    async open(absolute) {
      const { root, path } = await around(absolute, absolute)
      const { absolute: real } = await confinedPath(root, path).catch(error => {
        throw error instanceof RuntimeError && error.kind === 'path-refused'
          ? refused(path, error.why)
          : error
      })
      // Where a link leads is judged as if it had been named.
      await around(real, path)
      return openConfined(root, path)
    },
  }
}

/** The part of a pattern before its first wildcard, and the rest. */
function globParts(spec: string): { readonly base: string; readonly rest: string } {
  const segments = spec.split(sep === '/' ? '/' : /[/\\]/)
  const first = segments.findIndex(segment => isGlob(segment) || /[\\*?[\]{}()!+@|]/.test(segment))
  const at = first < 0 ? 0 : first
  const base = segments.slice(0, at).join('/')
  return { base: base === '' && at > 0 ? '/' : base, rest: segments.slice(at).join('/') }
}

function isWithin(folder: string, absolute: string): boolean {
  const path = relative(folder, absolute)
  return path === '' || (path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path))
}

const isHidden = (path: string): boolean => path.split(/[/\\]/).some(part => part.startsWith('.'))

const refused = (spec: string, why: string | undefined): RuntimeError =>
  new RuntimeError('path-refused', `the source "${spec.slice(0, 200).replaceAll('\0', '\\0')}" is refused`, {
    ...(why !== undefined && { why }),
    fix: 'name files below the folder the node was started in, or open more folders there: agenticraft node --folder DIR, joinCluster({ folders: [DIR] })',
    details: { source: spec.slice(0, 200) },
  })
