/**
 * The checks behind `.ci/architecture.test.ts`, as pure functions over a map from path to text, so that
 * they can be tried on planted files. Each returns its violations as sentences; an empty list is a pass.
 * They read text with regular expressions and trust Biome's formatting; they do not parse TypeScript.
 */
import { posix } from 'node:path'

/** Path from the repository root (with `/`) to the text of the file. */
export type Files = ReadonlyMap<string, string>

/** Lowest first: a folder imports itself and what stands before it. */
const LAYERS = ['actors', 'memory', 'runtime', 'agents', 'cli']

/** Where a package may be imported: folders (`agents/models/`) or files, `*` for a part of a name. */
export const VENDORS: Readonly<Record<string, readonly string[]>> = {
  xstate: ['actors/'],
  level: ['memory/level.ts'],
  nats: ['runtime/transport/nats*.ts'],
  msgpackr: ['runtime/codec.ts'],
  'prom-client': ['runtime/telemetry/metrics.ts'],
  pino: ['runtime/telemetry/logger.ts'],
  '@opentelemetry/*': ['runtime/telemetry/'],
  '@ai-sdk/*': ['agents/models/'],
  undici: ['agents/tools/'],
  'ipaddr.js': ['agents/tools/'],
  'html-to-text': ['agents/tools/'],
  unpdf: ['agents/tools/'],
  'markdown-it': ['agents/research/'],
  minisearch: ['agents/research/'],
  porter2: ['memory/recall/english.ts'],
  stopword: ['memory/recall/english.ts'],
  'string-width': ['cli/text-width.ts'],
  commander: ['cli/'],
  esbuild: ['.ci/faults/bundled-program.ts'],
  tinyglobby: ['agents/tools/', 'agents/research/', '.ci/'],
  zod: ['memory/', 'runtime/', 'agents/', 'cli/', 'examples/', '.ci/faults/'],
}

/** Folders with one member per file; each member must be imported by the folder's list. */
const OPEN_SETS = [
  { folder: 'agents/tools', member: /\bdefineTool\(/ },
  { folder: 'agents/workflows', member: /\bdefineWorkflow\(/ },
  { folder: 'cli/commands', member: /^export const \w+: Command\b/m },
  { folder: 'bench/scenarios', member: /^export /m },
]

const MAX_FILE = 400
const MAX_FUNCTION = 80
const MAX_MACHINE = 120

/** Tests stand outside the layers: a test of `actors/` needs the testkit, and may poke a vendor to be hostile. */
export const isTestCode = (path: string) =>
  /\.(?:test|conformance|types)\.ts$/.test(path) ||
  path.startsWith('runtime/testkit/') ||
  /(?:^|\/)testdata\//.test(path)

/** What the project offers to its users' tests is part of the test kit, and shipped. */
const TESTING_ENTRY = 'agents/testing.ts'

const withoutComments = (text: string) =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1')

/** What a file imports, as written: static, re-exported, lazy and type-only imports alike. */
export function importsOf(text: string): string[] {
  const code = withoutComments(text)
  return [
    /^import\b[^'"();=]*?\bfrom\s+['"]([^'"]+)['"]/gm,
    /^import\s+['"]([^'"]+)['"]/gm,
    /^export\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s*from\s+['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
  ].flatMap(pattern => [...code.matchAll(pattern)].map(found => found[1] ?? ''))
}

const resolved = (from: string, specifier: string) => posix.join(posix.dirname(from), specifier)
const ownImports = (path: string, text: string) =>
  importsOf(text)
    .filter(specifier => specifier.startsWith('.'))
    .map(specifier => resolved(path, specifier))

const packageName = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

const topFolder = (path: string) => path.split('/')[0] ?? ''

/** Folders import only downwards; shipped code imports no test code; examples use public entry points. */
export function layerViolations(files: Files): string[] {
  return [...files].flatMap(([path, text]) =>
    ownImports(path, text).flatMap(target => {
      const [from, to] = [topFolder(path), topFolder(target)]
      const say = (why: string) => [`${path} imports ${target}: ${why}`]
      if (from === 'examples') return to === from ? [] : say('examples use public entry points only')
      if (!LAYERS.includes(from) || isTestCode(path)) return []
      if (isTestCode(target) && path !== TESTING_ENTRY) return say('shipped code does not import test code')
      if (!LAYERS.includes(to)) return say(`only ${LAYERS.join(', ')} are shipped`)
      return LAYERS.indexOf(to) > LAYERS.indexOf(from) ? say('imports point downwards') : []
    }),
  )
}

/** Every import cycle once, as its path. Type imports and lazy imports count: they tangle the design as well. */
export function cycleViolations(files: Files): string[] {
  const done = new Set<string>()
  const found: string[] = []
  const walk = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at >= 0) found.push([...trail.slice(at), path].join(' -> '))
    if (at >= 0 || done.has(path)) return
    for (const target of new Set(ownImports(path, files.get(path) ?? ''))) {
      if (files.has(target)) walk(target, [...trail, path])
    }
    done.add(path)
  }
  for (const path of files.keys()) walk(path, [])
  return found
}

const matches = (pattern: string, value: string) => {
  const [head = '', tail] = pattern.split('*')
  return tail === undefined ? value === head : value.startsWith(head) && value.endsWith(tail)
}

/**
 * A vendor library is imported in its one place; a library without a place has to be given one in the table.
 * Test code may import any (it builds what a hostile vendor would send), but uvu only through the testkit,
 * whose time limit would be lost. `bench/` measures against other libraries and is free.
 */
export function vendorViolations(files: Files): string[] {
  return [...files].flatMap(([path, text]) =>
    importsOf(text)
      .filter(specifier => !/^(?:\.|node:|agenticraft(?:\/|$))/.test(specifier))
      .flatMap(specifier => {
        const why = vendorProblem(path, specifier)
        return why ? [`${path} imports ${specifier}: ${why}`] : []
      }),
  )
}

function vendorProblem(path: string, specifier: string): string | undefined {
  if (specifier === 'uvu' && path !== 'runtime/testkit/suite.ts') return 'use testSuite of the testkit'
  if (isTestCode(path) || path.startsWith('bench/')) return undefined
  const places = Object.entries(VENDORS).find(([name]) => matches(name, packageName(specifier)))?.[1]
  if (!places) return 'give it a place in VENDORS (.ci/architecture.ts)'
  const allowed = places.some(place => (place.endsWith('/') ? path.startsWith(place) : matches(place, path)))
  return allowed ? undefined : `allowed in ${places.join(', ')}`
}

export interface Measured {
  readonly line: number
  readonly length: number
  readonly text: string
}

const indent = (line: string) => line.length - line.trimStart().length
const OPENS = /(?:[{([]|=>)$/
const FUNCTION = /\bfunction\b|=>|^(?:(?:async|static|override|private|get|set|\*) *)*#?[\w$]+(?:<.*>)?\(/
const CONTROL = /^(?:\} )?(?:if|for|while|switch|catch|else|do|try|return|await|throw|with)\b/

/**
 * Every function and its length in lines, by indentation: it lasts from its first line to the next line that
 * is not deeper. Exact on code formatted by Biome, but for template literals with text further to the left.
 */
export function functionsOf(text: string): Measured[] {
  const lines = text.split('\n')
  return lines.flatMap((line, start) => {
    const code = line.trim()
    if (!OPENS.test(code) || !FUNCTION.test(code) || (CONTROL.test(code) && !code.includes('=>'))) return []
    const end = blockEnd(lines, start)
    // A call that spans lines looks like a method head; only a body makes it a function.
    const isCall =
      !/\bfunction\b|=>/.test(code) && !/[^(]\{$/.test(lines[headEnd(lines, start)]?.trim() ?? '')
    return isCall ? [] : [{ line: start + 1, length: end - start + 1, text: code }]
  })
}

/** The first line after `start` that is not deeper. */
function nextAtLevel(lines: readonly string[], start: number): number {
  const level = indent(lines[start] ?? '')
  const found = lines.findIndex((line, at) => at > start && line.trim() !== '' && indent(line) <= level)
  return found < 0 ? lines.length - 1 : found
}

/** The line that ends a head, which is `start` itself unless its parameters span lines. */
function headEnd(lines: readonly string[], start: number): number {
  const first = lines[start]?.trim() ?? ''
  if (!/[(<]$/.test(first)) return start
  const close = nextAtLevel(lines, start)
  return /^[)>]/.test(lines[close]?.trim() ?? '') ? close : start
}

function blockEnd(lines: readonly string[], start: number): number {
  const end = nextAtLevel(lines, start)
  const closing = lines[end]?.trim() ?? ''
  if (/^[)>\]}]/.test(closing) && OPENS.test(closing)) return blockEnd(lines, end)
  // An expression body (`=>` at the end of a line) has no closing line of its own.
  return /^[)\]}]/.test(closing) ? end : end - 1
}

/**
 * No file over 400 lines, no function over 80; a declarative machine may have 120. A function that makes a
 * test suite is a list of tests: each of them is measured, the list is not.
 */
export function sizeViolations(files: Files): string[] {
  return [...files].flatMap(([path, text]) => {
    const lines = text.trimEnd().split('\n')
    const long = lines.length > MAX_FILE ? [`${path} has ${lines.length} lines, more than ${MAX_FILE}`] : []
    const functions = functionsOf(text).filter(({ line, length }) => {
      const body = lines.slice(line - 1, line - 1 + length).join('\n')
      const isSuite = isTestCode(path) && /= testSuite\(/.test(body)
      return !isSuite && length > (/\bcreateMachine\(|^ +initial: /m.test(body) ? MAX_MACHINE : MAX_FUNCTION)
    })
    return [
      ...long,
      ...functions.map(({ line, length, text: head }) => `${path}:${line} has ${length} lines: ${head}`),
    ]
  })
}

/**
 * Every suite of a test file is run: uvu passes a forgotten one in silence. A conformance suite runs itself,
 * or is returned to the test file, which then has to.
 */
export function unrunViolations(files: Files): string[] {
  return [...files].flatMap(([path, text]) => {
    if (!/\.(?:test|conformance)\.ts$/.test(path)) return []
    const suites = [...text.matchAll(/^ *const (\w+) = testSuite\(/gm)].map(found => found[1] ?? '')
    const handed = path.endsWith('.conformance.ts')
      ? suites.filter(name => text.includes(`return ${name}\n`))
      : []
    const unrun = suites.filter(name => !handed.includes(name) && !runs(text, name))
    if (unrun.length > 0) return unrun.map(name => `${path} never calls ${name}.run()`)
    const ranElsewhere = ownImports(path, text).some(
      target => target.endsWith('.conformance.ts') && runs(files.get(target) ?? '', '\\w+'),
    )
    return suites.length > 0 || ranElsewhere || runs(text, '\\w+') ? [] : [`${path} never calls .run()`]
  })
}

const runs = (text: string, name: string) => new RegExp(`^ *${name}\\.run\\(\\)`, 'm').test(text)

/** No mutable module state. Tests are exempt: one file is one process, and its hooks share what they opened. */
export function moduleStateViolations(files: Files): string[] {
  return [...files].flatMap(([path, text]) =>
    isTestCode(path)
      ? []
      : [...withoutComments(text).matchAll(/^(?:export )?(?:let|var)\s+\w+/gm)].map(
          found => `${path}: top-level "${found[0]}"`,
        ),
  )
}

const IMPURE =
  /\bDate\.now\b|\bMath\.random\b|\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b|\brandomUUID\b|\bnew Date\(\)|\bperformance\.now\b|\bprocess\.\w+|\bfetch\(/g
const INPUT_OUTPUT =
  /^node:(?:fs|net|tls|http2?|https|dns|dgram|child_process|cluster|worker_threads|timers|process|os|readline)/

/** Nothing in `actors/` reads a clock, rolls a die or touches the outside: they are handed in. */
export function purityViolations(files: Files): string[] {
  return [...files].flatMap(([path, text]) => {
    if (!path.startsWith('actors/') || isTestCode(path)) return []
    const calls = [...withoutComments(text).matchAll(IMPURE)].map(found => `${path} uses ${found[0]}`)
    const reads = importsOf(text).filter(specifier => INPUT_OUTPUT.test(specifier))
    return [...calls, ...reads.map(specifier => `${path} imports ${specifier}`)]
  })
}

/** A member of an open set that its list does not import cannot be found by anybody. */
export function unlistedViolations(files: Files): string[] {
  return OPEN_SETS.flatMap(({ folder, member }) => {
    const list = `${folder}/index.ts`
    const text = files.get(list)
    if (text === undefined) return []
    const listed = new Set(ownImports(list, text))
    return [...files]
      .filter(
        ([path, code]) =>
          posix.dirname(path) === folder && path !== list && !isTestCode(path) && member.test(code),
      )
      .filter(([path]) => !listed.has(path))
      .map(([path]) => `${path} is not in ${list}`)
  })
}
