/**
 * The checks behind `.ci/docs.test.ts` and `.ci/docs.int.test.ts`: what the documents promise is compared
 * with the code. Pure functions over text, so that they can be tried on planted documents.
 */
import { posix } from 'node:path'

/** Path from the repository root to the text of a Markdown file. */
export type Documents = ReadonlyMap<string, string>

interface Fence {
  readonly language: string
  /** Line of the first line of code, counted from 1. */
  readonly line: number
  readonly code: string
}

/** All fenced code blocks. An unclosed fence reaches to the end, as CommonMark has it (section 4.5). */
export function fencesOf(markdown: string): Fence[] {
  const fences: Fence[] = []
  let open: { mark: string; language: string; line: number; code: string[] } | undefined
  const close = () => {
    if (open) fences.push({ language: open.language, line: open.line, code: open.code.join('\n') })
    open = undefined
  }
  for (const [at, text] of markdown.split('\n').entries()) {
    const [, mark, language = ''] = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)[^`]*$/.exec(text) ?? []
    if (!open && mark) open = { mark, language, line: at + 2, code: [] }
    else if (open && mark?.startsWith(open.mark) && !language) close()
    else open?.code.push(text)
  }
  close()
  return fences
}

const withoutFences = (markdown: string) => {
  const fenced = new Set(
    fencesOf(markdown).flatMap(({ line, code }) => code.split('\n').map((_, offset) => line + offset)),
  )
  const kept = markdown.split('\n').map((text, at) => (fenced.has(at + 1) ? '' : text))
  return kept.join('\n')
}

const withoutCode = (markdown: string) =>
  withoutFences(markdown).replace(/(`+)[^`\n](?:.*?[^`])?\1(?!`)/g, '')

/** GitHub's anchor of a heading: lower case, punctuation dropped, blanks to hyphens. */
const slug = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-')

/** Every anchor a link may name: headings (a repeated one gets `-1`, `-2`…) and explicit ids. */
export function anchorsOf(markdown: string): Set<string> {
  const seen = new Map<string, number>()
  const anchors = new Set<string>()
  for (const [, heading = ''] of withoutFences(markdown).matchAll(/^ {0,3}#{1,6}\s+(.+?)\s*#*$/gm)) {
    const name = slug(heading)
    const times = seen.get(name) ?? 0
    anchors.add(times === 0 ? name : `${name}-${times}`)
    seen.set(name, times + 1)
  }
  for (const [, id = ''] of markdown.matchAll(/<a\s[^>]*(?:id|name)="([^"]+)"/g)) anchors.add(id)
  return anchors
}

/** Relative links that lead nowhere. `exists` is asked about paths from the repository root. */
export function linkProblems(documents: Documents, exists: (path: string) => boolean): string[] {
  return [...documents].flatMap(([path, markdown]) =>
    [...linksOf(markdown)].flatMap(link => {
      const [file = '', anchor] = link.split('#')
      const target = file ? posix.join(posix.dirname(path), decodeURI(file)) : path
      if (target.startsWith('../')) return [`${path}: ${link} leaves the repository`]
      if (file && !exists(target)) return [`${path}: ${link} does not exist`]
      const text = documents.get(target)
      const missing = anchor && text !== undefined && !anchorsOf(text).has(anchor)
      return missing ? [`${path}: ${link} names no heading`] : []
    }),
  )
}

function linksOf(markdown: string): string[] {
  const prose = withoutCode(markdown)
  return [
    /\]\(\s*<?([^)\s>]+)>?(?:\s+["'(][^)]*)?\)/g,
    /^ {0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)/gm,
    /<(?:a|img)\s[^>]*(?:href|src)="([^"]+)"/g,
  ]
    .flatMap(pattern => [...prose.matchAll(pattern)].map(found => found[1] ?? ''))
    .filter(link => !/^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(link))
}

interface DocumentedError {
  readonly code: string
  readonly retryable: boolean
  readonly meaning: string
}

/**
 * What separates `docs/errors.md` from the table of errors, both ways. Each entry is `## CODE kind`, the
 * anchor the CLI links to, the meaning of the table as a sentence, whether to retry, a cause and a fix.
 */
export function errorPageProblems(
  markdown: string,
  errors: Readonly<Record<string, DocumentedError>>,
): string[] {
  const sections = new Map(
    markdown
      .split(/^## /m)
      .slice(1)
      .map(section => {
        const [heading = '', ...body] = section.split('\n')
        return [heading.trim(), body.join('\n')]
      }),
  )
  const expected = new Map(Object.entries(errors).map(([kind, entry]) => [`${entry.code} ${kind}`, entry]))
  const stale = [...sections.keys()].filter(heading => !expected.has(heading))
  const problems = [...expected].flatMap(([heading, { code, retryable, meaning }]) => {
    const body = sections.get(heading)
    if (body === undefined) return [`"## ${heading}" is missing`]
    const sentence = `${meaning.charAt(0).toUpperCase()}${meaning.slice(1)}.`
    return [
      body.includes(`<a id="${code.toLowerCase()}"></a>`) ? '' : `"## ${heading}" has no anchor`,
      body.includes(`\n${sentence}\n`) ? '' : `"## ${heading}" does not say: ${sentence}`,
      body.includes(`\nRetryable: ${retryable ? 'yes' : 'no'}.\n`)
        ? ''
        : `"## ${heading}": retryable is wrong`,
      /^\*\*Cause\.\*\* \S.{20,}/m.test(body) ? '' : `"## ${heading}" names no cause`,
      /^\*\*Fix\.\*\* \S.{20,}/m.test(body) ? '' : `"## ${heading}" names no fix`,
    ].filter(Boolean)
  })
  return [...stale.map(heading => `"## ${heading}" is no error of the table`), ...problems]
}

/** The TypeScript blocks of a document as compilable modules whose line numbers are those of the document. */
export function snippetsOf(path: string, markdown: string): { name: string; text: string }[] {
  return fencesOf(markdown)
    .filter(({ language }) => language === 'ts' || language === 'typescript')
    .map(({ line, code }) => ({
      name: `${path.replaceAll('/', '_')}.line-${line}.ts`,
      text: `${'\n'.repeat(line - 1)}${code}\nexport {}\n`,
    }))
}

/** The programs of a document whose output it shows: `ts` blocks with a `text` block right below. */
export function programsOf(markdown: string): { line: number; code: string; prints: string }[] {
  const fences = fencesOf(markdown)
  return fences.flatMap(({ language, line, code }, at) => {
    const below = fences[at + 1]
    const isOutput = below?.language === 'text' && below.line === line + code.split('\n').length + 3
    return language === 'ts' && isOutput ? [{ line, code, prints: `${below.code}\n` }] : []
  })
}

/** The public entry points of package.json as compiler `paths` to their sources, since `dist` may not be built. */
export function sourcePaths(
  name: string,
  entries: Readonly<Record<string, string>>,
  root: string,
): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(entries)
      .filter(([, target]) => target.startsWith('./dist/'))
      .map(([entry, target]) => [
        posix.join(name, entry),
        [posix.join(root, target.replace('./dist/', '').replace(/\.js$/, '.ts'))],
      ]),
  )
}
