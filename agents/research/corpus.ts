/**
 * The corpora of one runtime: sources in, searchable documents out, read once and shared by all agents of
 * the node that name the same sources. Its state lives as long as what `createCorpora` returns. Sources are
 * the user's own words, or confined to folders; a path from a model must not be handed in here.
 */
import type { Stats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { RuntimeError, toRuntimeError, toWireError } from '../../actors/errors.ts'
import { MAX_DOCUMENT_BYTES, toDocument } from '../tools/documents.ts'
import { fetchDocument } from '../tools/fetch-url.ts'
import { readCapped } from '../tools/read-capped.ts'
import type { SafeFetchOptions } from '../tools/safe-fetch.ts'
import { type SourceFolders, sourceFolders } from '../tools/source-folders.ts'
import { resolveSources, type Source } from '../tools/sources.ts'
import { type Corpus, createCorpus, type SkippedSource } from './corpus-index.ts'
import type { Document } from './document.ts'

export interface CorpusLimits {
  /** Of one document. Default 5 MiB. */
  readonly documentBytes?: number
  /** Of all files together. Default 64 MiB. */
  readonly totalBytes?: number
  /** Default 5,000. */
  readonly files?: number
  /** How many corpora are kept for the next agent that asks. Default 8. */
  readonly kept?: number
  /** How long fetched pages count as fresh, ms. Default ten minutes. */
  readonly freshMs?: number
}

export interface CorporaOptions {
  readonly limits?: CorpusLimits
  /** Files are read from below these only, for whoever names them is not who runs the process. Default: from anywhere. */
  readonly folders?: readonly string[]
  /** How URLs among the sources are fetched. */
  readonly fetch?: Pick<SafeFetchOptions, 'allow' | 'resolve' | 'timeoutMs'>
  /** Milliseconds since the epoch. Default `Date.now`. */
  now?(): number
}

export interface LoadOptions {
  readonly cwd: string
  readonly signal?: AbortSignal
  /** The URLs are what a search found: one that cannot be read is skipped instead of failing the whole. */
  readonly found?: true
}

export interface Corpora {
  /**
   * The corpus of `sources` (folders, files, globs, URLs). Files that a folder or glob merely contains are
   * skipped when unreadable; a file or URL that is named must be readable. Throws `sources-empty`,
   * `too-large`, `url-refused`, `path-refused`, `document-unreadable`, what `safeFetch` throws, and the signal's reason.
   */
  load(sources: readonly string[], options: LoadOptions): Promise<Corpus>
}

type Sized = Source & { readonly bytes: number; readonly changed: number }

interface Loading {
  readonly corpus: Promise<Corpus>
  readonly stop: AbortController
  waiting: number
  settled: boolean
}

/** How many sources are read side by side. */
const AT_ONCE = 8

/** Corpora cached by the resolved list of sources with the files' times and sizes. */
export function createCorpora(options: CorporaOptions = {}): Corpora {
  const { limits = {} } = options
  const folders = options.folders && sourceFolders(options.folders)
  const openFile = folders?.open ?? openAnywhere
  const loadings = new Map<string, Loading>()
  const forget = (key: string, loading: Loading): void => {
    if (loadings.get(key) === loading) loadings.delete(key)
  }
  const start = (key: string, sources: readonly Sized[], found: boolean): Loading => {
    const stop = new AbortController()
    const loading: Loading = {
      corpus: build(sources, { ...options, openFile }, found, stop.signal),
      stop,
      waiting: 0,
      settled: false,
    }
    loading.corpus.then(
      ({ skipped }) => {
        loading.settled = true
        // Who names just the pages that could be read gets the corpus that is there.
        const unread = new Set(skipped.map(one => one.source))
        if (found)
          loadings.set(
            keyOf(
              sources.filter(one => !unread.has(nameOf(one))),
              options,
            ),
            loading,
          )
      },
      // A failure is for those who wait now; whoever asks next tries anew.
      () => forget(key, loading),
    )
    return loading
  }

  return {
    load: async (specs, { cwd, signal, found = false }) => {
      signal?.throwIfAborted()
      const resolved = await resolveSources(specs, {
        cwd,
        ...(limits.files !== undefined && { maxFiles: limits.files }),
        ...(signal && { signal }),
        ...(folders && { folders }),
      })
      const sources = await measured(resolved, limits)
      signal?.throwIfAborted()
      const key = `${found ? 'found ' : ''}${keyOf(sources, options)}`
      const loading = loadings.get(key) ?? start(key, sources, found)
      // Asked for again: it becomes the youngest, and the oldest ones above the limit go.
      loadings.delete(key)
      loadings.set(key, loading)
      trim(loadings, limits.kept ?? 8)
      return shared(loading, signal, () => forget(key, loading))
    },
  }
}

function trim(loadings: Map<string, Loading>, kept: number): void {
  for (const [key, { settled }] of loadings) {
    if (loadings.size <= kept) return
    if (settled) loadings.delete(key)
  }
}

/** Waits for a loading together with others; when the last of them gives up, the work is stopped. */
async function shared(
  loading: Loading,
  signal: AbortSignal | undefined,
  forget: () => void,
): Promise<Corpus> {
  if (signal === undefined) {
    // Somebody who cannot give up waits for ever.
    loading.waiting = Number.POSITIVE_INFINITY
    return loading.corpus
  }
  loading.waiting++
  let onAbort = (): void => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([loading.corpus, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
    loading.waiting--
    if (signal.aborted && loading.waiting === 0 && !loading.settled) {
      forget()
      loading.stop.abort(signal.reason)
    }
  }
}

async function measured(
  sources: readonly Source[],
  { totalBytes = 64 * 1024 * 1024 }: CorpusLimits,
): Promise<Sized[]> {
  const out: Sized[] = []
  let total = 0
  for (const source of sources) {
    const { size, mtimeMs } = source.kind === 'file' ? await statOf(source.absolute) : { size: 0, mtimeMs: 0 }
    out.push({ ...source, bytes: size, changed: mtimeMs })
    total += size
  }
  if (total <= totalBytes) return out
  throw new RuntimeError('too-large', `the sources are ${total} bytes together; the limit is ${totalBytes}`, {
    fix: 'name the folders that matter, or a narrower glob',
    details: { total, totalBytes },
  })
}

/** The file was there a moment ago, when the sources were resolved. */
const statOf = (path: string): Promise<Stats> =>
  stat(path).catch((cause: unknown) => {
    throw toRuntimeError(cause, 'document-unreadable')
  })

function keyOf(sources: readonly Sized[], { now = Date.now, limits = {} }: CorporaOptions): string {
  const age = Math.floor(now() / (limits.freshMs ?? 600_000))
  return JSON.stringify(
    sources.map(source =>
      source.kind === 'url'
        ? [source.url, age]
        : [source.path, source.absolute, source.named, source.bytes, source.changed],
    ),
  )
}

interface Reading extends CorporaOptions {
  readonly openFile: SourceFolders['open']
}

const openAnywhere: SourceFolders['open'] = absolute => open(absolute, 'r')

async function build(
  sources: readonly Sized[],
  options: Reading,
  found: boolean,
  signal: AbortSignal,
): Promise<Corpus> {
  const documents: Document[] = []
  const skipped: SkippedSource[] = []
  for (let from = 0; from < sources.length; from += AT_ONCE) {
    signal.throwIfAborted()
    const group = sources.slice(from, from + AT_ONCE)
    for (const read of await Promise.all(group.map(source => readOne(source, options, found, signal)))) {
      if ('error' in read) skipped.push(read)
      else documents.push(read)
    }
  }
  if (documents.length > 0) return createCorpus(distinct(documents), skipped)
  throw new RuntimeError('sources-empty', 'none of the sources could be read', {
    why: skipped[0] ? `the first: ${skipped[0].error.message}` : 'no source was given',
    fix: 'give a folder, file or glob with text, Markdown, HTML, JSON or PDF files, or an http(s) URL',
    details: { skipped: skipped.slice(0, 20).map(({ source, error }) => ({ source, code: error.code })) },
  })
}

async function readOne(
  source: Source,
  options: Reading,
  found: boolean,
  signal: AbortSignal,
): Promise<Document | SkippedSource> {
  const { documentBytes: maxBytes = MAX_DOCUMENT_BYTES } = options.limits ?? {}
  try {
    return source.kind === 'url'
      ? await fetchDocument(source.url, { ...options.fetch, maxBytes, signal })
      : await readFileSource(await options.openFile(source.absolute), source.path, maxBytes)
  } catch (thrown) {
    const error = toRuntimeError(thrown, 'document-unreadable')
    const mayFail = source.kind === 'url' ? found : !source.named
    if (!mayFail || signal.aborted) throw error
    return { source: nameOf(source), error: toWireError(error) }
  }
}

const nameOf = (source: Source): string => (source.kind === 'url' ? source.url : source.path)

async function readFileSource(handle: FileHandle, path: string, maxBytes: number): Promise<Document> {
  try {
    return await toDocument(await readCapped(handle, path, maxBytes), { source: path, maxBytes })
  } finally {
    await handle.close()
  }
}

/** Two URLs may end at the same page. */
const distinct = (documents: readonly Document[]): Document[] => [
  ...new Map(documents.map(document => [document.source, document])).values(),
]
