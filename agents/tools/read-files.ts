/**
 * The tool with which an agent reads files of one folder. Models name the paths, so every one is confined
 * to the folder; what the files say is data and never an instruction.
 */
import { stat } from 'node:fs/promises'
import { z } from 'zod'
import { RuntimeError } from '../../actors/errors.ts'
import type { Document } from '../research/document.ts'
import { defineTool, type Tool } from '../tool.ts'
import { confinedGlob, confinedPath, openConfined } from './confined-path.ts'
import { MAX_DOCUMENT_BYTES, toDocument } from './documents.ts'
import { isGlob } from './glob.ts'
import { readCapped } from './read-capped.ts'

const MAX_FILES = 100
const READABLE = '*.{md,markdown,txt,html,htm,json,pdf}'

const input = z.object({
  paths: z
    .array(z.string().min(1).max(1_000))
    .min(1)
    .max(50)
    .describe('files, folders or globs, relative to the folder: ["README.md", "docs/**/*.md"]'),
  maxCharacters: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(100_000)
    .describe('the most characters to return over all documents'),
})
export type ReadFilesInput = z.infer<typeof input>

/** A document, or its beginning. */
export interface ReadDocument extends Document {
  /** Set when `text` is only a beginning: how many characters the whole document has. */
  readonly clippedFrom?: number
}

export interface ReadFilesOutput {
  readonly documents: readonly ReadDocument[]
  /** Says what was cut or left out, when something was. */
  readonly note?: string
}

export interface ReadFilesOptions {
  /** The folder nothing outside of which can be read. */
  readonly root: string
  readonly maxBytes?: number
}

/** `read_files`. Its calls throw `path-refused`, `too-large`, `document-unreadable`, `tool-failed`. */
export function readFilesTool(options: ReadFilesOptions): Tool<ReadFilesInput, ReadFilesOutput> {
  const { root, maxBytes = MAX_DOCUMENT_BYTES } = options
  return defineTool<ReadFilesInput, ReadFilesOutput>({
    name: 'read_files',
    description:
      'Reads text, Markdown, HTML, JSON and PDF files of the project folder. Give files, folders or globs relative to it.',
    input,
    effect: 'pure',
    capability: 'fs.read',
    untrusted: true,
    async run({ paths, maxCharacters }, { signal, progress }) {
      const documents: Document[] = []
      for (const path of await expand(root, paths)) {
        signal.throwIfAborted()
        documents.push(await readDocument(root, path, maxBytes))
        progress(path)
      }
      return clip(documents, maxCharacters)
    },
  })
}

async function expand(root: string, paths: readonly string[]): Promise<string[]> {
  const files = new Set<string>()
  for (const path of paths) {
    const matched = await expandOne(root, path)
    for (const file of matched) files.add(file)
    if (files.size > MAX_FILES) {
      throw new RuntimeError('too-large', `more than ${MAX_FILES} files match`, {
        fix: 'name fewer files or a narrower glob',
      })
    }
  }
  return [...files]
}

async function expandOne(root: string, path: string): Promise<string[]> {
  const entry = await confinedPath(root, path).catch((thrown: unknown) => {
    if (thrown instanceof RuntimeError && thrown.kind === 'tool-failed' && isGlob(path)) return undefined
    throw thrown
  })
  const isFolder = entry !== undefined && (await stat(entry.absolute)).isDirectory()
  if (entry !== undefined && !isFolder) return [entry.path]
  const pattern = isFolder ? `${entry.path === '.' ? '' : `${escapeGlob(entry.path)}/`}**/${READABLE}` : path
  const found = await confinedGlob(root, pattern)
  if (found.length > 0) return found.map(file => file.path)
  throw new RuntimeError('tool-failed', `"${path.slice(0, 200)}" matches no file`, {
    retryable: false,
    fix: 'list what is there with a wider glob such as "**/*.md"',
  })
}

const escapeGlob = (path: string): string => path.replace(/[\\*?[\]{}()!|+@]/g, '\\$&')

async function readDocument(root: string, path: string, maxBytes: number): Promise<Document> {
  const handle = await openConfined(root, path)
  try {
    return await toDocument(await readCapped(handle, path, maxBytes), { source: path, maxBytes })
  } finally {
    await handle.close()
  }
}

function clip(documents: readonly Document[], maxCharacters: number): ReadFilesOutput {
  let left = maxCharacters
  const kept: ReadDocument[] = []
  const cut: string[] = []
  for (const document of documents) {
    const whole = document.text.length
    const text = wellFormedPrefix(document.text, left)
    left -= text.length
    if (text.length < whole) cut.push(`${document.source} (${text.length} of ${whole})`)
    if (text.length > 0 || whole === 0) {
      kept.push(text.length < whole ? { ...document, text, clippedFrom: whole } : document)
    }
  }
  if (cut.length === 0) return { documents: kept }
  return {
    documents: kept,
    note: `characters returned were limited to ${maxCharacters}; cut: ${cut.join(', ')}`,
  }
}

/** The first `length` units of `text`, one less where that would halve a character. */
const wellFormedPrefix = (text: string, length: number): string => {
  const end = /[\uD800-\uDBFF]/.test(text.charAt(length - 1)) && length < text.length ? length - 1 : length
  return text.slice(0, Math.max(0, end))
}
