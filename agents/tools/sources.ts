/**
 * What a user named as sources (a folder, a file, a glob, a URL) into an ordered list of files and URLs.
 * Called by the CLI and the corpus. These are the user's own words, so they may lead anywhere on the disk, unless it is
 * somebody else's: then they are confined to `folders`. Paths from a model go through `confined-path.ts` instead. Nothing
 * is read or fetched here.
 */
import { stat } from 'node:fs/promises'
import { relative, resolve, sep } from 'node:path'
import { RuntimeError } from '../../actors/errors.ts'
import { toPosix } from './confined-path.ts'
import { isGlob, matchingFiles } from './glob.ts'
import type { SourceFolders } from './source-folders.ts'

export type Source =
  | {
      readonly kind: 'file'
      /** As found from the working directory, with `/`. */
      readonly path: string
      readonly absolute: string
      /** True when the user named this very file, so that failing to read it is their error to hear of. */
      readonly named: boolean
    }
  | { readonly kind: 'url'; readonly url: string }

export interface ResolveSourcesOptions {
  readonly cwd: string
  /** More files than this are refused. Default 5,000. */
  readonly maxFiles?: number
  /** What is named must be below these. Default: it may be anywhere. */
  readonly folders?: SourceFolders
  readonly signal?: AbortSignal
}

const READABLE = '{md,markdown,txt,html,htm,json,pdf}'

/**
 * The sources in the order of `specs`, files of one spec by path, each once. Throws `sources-empty` naming
 * the spec that matches nothing, `url-refused` for other schemes, `too-large` for too many files, `path-refused` for what
 * is not below `folders`.
 */
export async function resolveSources(
  specs: readonly string[],
  options: ResolveSourcesOptions,
): Promise<Source[]> {
  const { maxFiles = 5_000 } = options
  const found = new Map<string, Source>()
  for (const spec of specs) {
    for (const source of await resolveSpec(spec, options)) {
      const key = source.kind === 'url' ? source.url : source.absolute
      // A file that a folder brought along may be named as well; it keeps its place.
      if (!found.has(key) || (source.kind === 'file' && source.named)) found.set(key, source)
    }
    if (found.size > maxFiles) throw tooMany(spec, maxFiles)
  }
  return [...found.values()]
}

async function resolveSpec(spec: string, { cwd, signal, folders }: ResolveSourcesOptions): Promise<Source[]> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(spec)) return [urlSource(spec)]
  if (spec === '' || spec.includes('\0')) throw empty(spec, 'it is not a path')
  await folders?.check(spec, cwd)
  const absolute = resolve(cwd, spec)
  const toFile = (path: string, named: boolean): Source => ({
    kind: 'file',
    path: toPosix(relative(cwd, path)),
    absolute: path,
    named,
  })
  const entry = await stat(absolute).catch(ignoreMissing)
  if (entry?.isFile()) return [toFile(absolute, true)]
  if (!entry && !isGlob(spec)) throw empty(spec, 'there is no such file or folder')
  const paths = entry?.isDirectory()
    ? await filesIn(absolute, `**/*.${READABLE}`, absolute, signal)
    : (await filesIn(cwd, toPattern(spec), spec, signal)).filter(
        path => namesItsKind(spec) || isReadable(path),
      )
  if (paths.length === 0) throw empty(spec, entry ? 'the folder holds none' : 'the pattern matches none')
  return paths.map(path => toFile(path, false))
}

/** Absolute paths in code unit order. `node_modules` is skipped unless `named` leads into one. */
async function filesIn(
  cwd: string,
  pattern: string,
  named: string,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const inside = named.split(/[/\\]/).includes('node_modules')
  const paths = await matchingFiles(pattern, {
    cwd,
    absolute: true,
    dot: false,
    caseSensitiveMatch: false,
    ignore: inside ? [] : ['**/node_modules/**'],
    ...(signal && { signal }),
  })
  signal?.throwIfAborted()
  return paths.map(path => resolve(path))
}

/** On Windows a user writes `docs\*.md`, which a glob would read as an escape. */
const toPattern = (spec: string): string => (sep === '/' ? spec : spec.replaceAll('\\', '/'))

/** `*.rst` asks for that kind; `docs/*` means what can be read, not the pictures beside it. */
const namesItsKind = (spec: string): boolean => /\.(?:[A-Za-z0-9]+|\{[^{}]+\})$/.test(spec)
const isReadable = (path: string): boolean => /\.(?:md|markdown|txt|html?|json|pdf)$/i.test(path)

function urlSource(spec: string): Source {
  const url = URL.canParse(spec) ? new URL(spec) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return { kind: 'url', url: url.href }
  throw new RuntimeError('url-refused', `the source "${spec.slice(0, 200)}" is not a web address`, {
    why: 'only http and https are fetched',
    fix: 'give an http(s) URL, or the path of a file or folder',
  })
}

function ignoreMissing(cause: unknown): undefined {
  const code = (cause as NodeJS.ErrnoException).code ?? ''
  if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'EINVAL'].includes(code)) return undefined
  throw cause
}

const empty = (spec: string, why: string): RuntimeError =>
  new RuntimeError('sources-empty', `"${spec.slice(0, 200)}" gives no document to read`, {
    why,
    fix: 'give a folder, file or quoted glob with .md, .txt, .html, .json or .pdf files, or an http(s) URL',
    details: { spec: spec.slice(0, 200) },
  })

const tooMany = (spec: string, maxFiles: number): RuntimeError =>
  new RuntimeError(
    'too-large',
    `the sources hold more than ${maxFiles} files, reached at "${spec.slice(0, 200)}"`,
    {
      fix: 'name the folders that matter, or a narrower glob',
      details: { spec: spec.slice(0, 200), maxFiles },
    },
  )
