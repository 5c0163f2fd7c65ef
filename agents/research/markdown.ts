/**
 * Where the parts of a Markdown text are: headings, paragraphs, code, tables, as offsets into the text as
 * it was read. Called by the splitting into passages and sentences. It renders nothing; the CommonMark
 * rules come from markdown-it, whose line numbers are turned into exact offsets here.
 */
import MarkdownIt, { type Token } from 'markdown-it'

export type BlockKind = 'heading' | 'paragraph' | 'code' | 'table' | 'html'

/** `text.slice(start, end)` is the block without the list markers and quote marks before it. */
export interface Block {
  readonly kind: BlockKind
  readonly start: number
  readonly end: number
  /** Of a heading: 1 to 6, and its words without Markdown's marks. */
  readonly level?: number
  readonly title?: string
}

const parser = new MarkdownIt({ html: true }).disable(['inline', 'linkify', 'replacements', 'smartquotes'])

/** The blocks of `text` in order, not overlapping. Front matter, rules and link definitions are no blocks. */
export function blocks(text: string): Block[] {
  const body = frontMatterEnd(text)
  const lines = lineOffsets(text, body)
  const tokens = parser.parse(text.slice(body), {})
  const out: Block[] = []
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as Token
    const kind = kindOf(token.type)
    if (kind === undefined || token.map === null) continue
    const content = tokens[i + 1]?.type === 'inline' ? (tokens[i + 1] as Token).content : ''
    const block = place(text, lines, token, kind, content)
    if (block.end > block.start) out.push(block)
  }
  return out
}

/** The words of a piece of Markdown without its marks, images, link targets and tags. Offsets are lost. */
export function plainText(markdown: string): string {
  return markdown
    .replace(/!\[[^[\]]{0,500}\]\([^()]{0,2000}\)/g, '')
    .replace(/\[([^[\]]{0,500})\](?:\([^()]{0,2000}\)|\[[^[\]]{0,500}\])/g, '$1')
    .replace(/<\/?[a-zA-Z!][^<>]{0,2000}>/g, '')
    .replace(/`+/g, '')
    .replace(/\*{1,3}(?=\S)|(?<=\S)\*{1,3}|(?<![\p{L}\p{N}])_{1,2}(?=\S)|(?<=\S)_{1,2}(?![\p{L}\p{N}])/gu, '')
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
    .replace(/\s+/g, ' ')
    .trim()
}

function kindOf(type: string): BlockKind | undefined {
  switch (type) {
    case 'heading_open':
      return 'heading'
    case 'paragraph_open':
      return 'paragraph'
    case 'fence':
    case 'code_block':
      return 'code'
    case 'table_open':
      return 'table'
    case 'html_block':
      return 'html'
    default:
      return undefined
  }
}

function place(
  text: string,
  lines: readonly number[],
  token: Token,
  kind: BlockKind,
  content: string,
): Block {
  const [first, last] = token.map ?? [0, 0]
  const lineStart = lines[first] ?? text.length
  const line = text.slice(lineStart, lines[first + 1] ?? text.length).trimEnd()
  const end = lineStart + text.slice(lineStart, lines[last] ?? text.length).trimEnd().length
  const start = lineStart + prefixLength(line, token, kind, content)
  if (kind !== 'heading') return { kind, start, end }
  return { kind, start, end, level: Number(token.tag.slice(1)), title: plainText(content) }
}

/** How much of a block's first line is indentation, list markers and quote marks around it. */
function prefixLength(line: string, token: Token, kind: BlockKind, content: string): number {
  if (token.type === 'fence') return Math.max(0, line.indexOf(token.markup))
  const own = (kind === 'paragraph' ? content : token.content).split('\n', 1)[0]?.trim() ?? ''
  if (own !== '' && line.endsWith(own)) return line.length - own.length
  return /^[\s>]*/.exec(line)?.[0].length ?? 0
}

/** Where each line begins; the same line ends as markdown-it counts them. */
function lineOffsets(text: string, from: number): number[] {
  const offsets = [from]
  const newline = /\r\n?|\n/g
  newline.lastIndex = from
  while (newline.exec(text) !== null) offsets.push(newline.lastIndex)
  return offsets
}

/** The offset behind a byte order mark and YAML front matter, which are not content. */
function frontMatterEnd(text: string): number {
  const mark = text.startsWith('\uFEFF') ? 1 : 0
  const opening = /^---[ \t]*\r?\n/.exec(text.slice(mark, mark + 80))
  if (opening === null) return mark
  const closing = /^(?:---|\.\.\.)[ \t]*$/gm
  closing.lastIndex = mark + opening[0].length
  return closing.exec(text) === null ? mark : closing.lastIndex
}
