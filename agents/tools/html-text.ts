/**
 * A web page as text, for `documents.ts`: no images, no link addresses, no scripts, no navigation. Headings
 * become `## lines` and `pre` becomes a fenced block, so that passages of a page know their headings.
 */
import { compile, type FormatCallback, type SelectorDefinition } from 'html-to-text'
import { RuntimeError } from '../../actors/errors.ts'

/** The parser's time grows with the square of the nesting; no real page comes near this. */
const MAX_OPEN_ELEMENTS = 20_000
const MAX_DEPTH = 200

const heading: FormatCallback = (element, walk, builder) => {
  builder.openBlock({ leadingLineBreaks: 2 })
  builder.addLiteral(`${'#'.repeat(Number(element.name?.slice(1) ?? 1))} `)
  walk(element.children, builder)
  builder.closeBlock({ trailingLineBreaks: 2 })
}

const fenced: FormatCallback = (element, walk, builder) => {
  builder.openBlock({ isPre: true, leadingLineBreaks: 2 })
  builder.addLiteral('```\n')
  walk(element.children, builder)
  builder.addLiteral('\n```')
  builder.closeBlock({ trailingLineBreaks: 2 })
}

const SKIPPED = ['script', 'style', 'noscript', 'template', 'iframe', 'svg', 'img', 'nav', 'button', 'select']

const selectors: SelectorDefinition[] = [
  { selector: 'a', options: { ignoreHref: true } },
  ...SKIPPED.map(selector => ({ selector, format: 'skip' })),
  ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map(selector => ({ selector, format: 'heading' })),
  { selector: 'pre', format: 'fenced' },
  { selector: 'tr', format: 'block' },
  ...['td', 'th'].map(selector => ({ selector, format: 'inlineSurround', options: { suffix: ' | ' } })),
]

const convert = compile({
  wordwrap: false,
  limits: { maxDepth: MAX_DEPTH, ellipsis: '' },
  formatters: { heading, fenced },
  selectors,
})

/** The readable text of `html`. Throws `document-unreadable` when its elements are nested absurdly deep. */
export function htmlToText(html: string): string {
  if (openElements(html) > MAX_OPEN_ELEMENTS) {
    throw new RuntimeError('document-unreadable', 'the page nests its elements too deep to be read', {
      why: `more than ${MAX_OPEN_ELEMENTS} elements are opened and never closed`,
      fix: 'use another source for the same content',
    })
  }
  return convert(html).trim()
}

/** What `<title>` says, if there is one near the start. */
export function htmlTitle(html: string): string | undefined {
  const raw = /<title[^<>]{0,200}>([^<]{1,500})<\/title/i.exec(html.slice(0, 20_000))?.[1]
  const title = raw === undefined ? '' : convert(raw).replace(/\s+/g, ' ').trim()
  return title === '' ? undefined : title
}

const VOID = /^(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)$/i

function openElements(html: string): number {
  let open = 0
  for (const [, slash, name] of html.matchAll(/<(\/?)([a-zA-Z][a-zA-Z0-9-]{0,40})/g)) {
    if (slash === '/') open = Math.max(0, open - 1)
    else if (!VOID.test(name ?? '')) open++
    if (open > MAX_OPEN_ELEMENTS) break
  }
  return open
}
