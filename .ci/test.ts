/**
 * The test runner: `node --import tsx .ci/test.ts [pathPart…]`. Every `*.test.ts` runs in its own process,
 * two at a time, unit files before `*.int.test.ts`. One line per file, the whole output of files that fail,
 * and as its very last line `N passed, N failed`; the exit code is 1 if anything failed. Files named
 * `*.root.int.test.ts` mount file systems: without root on Linux they are named and left out, but never in CI.
 */
import { glob } from 'tinyglobby'
import { type FileResult, runFile } from './test-file.ts'

const AT_ONCE = 2
const LIMITS = { unit: { aliveMs: 120_000, lingerMs: 3_000 }, int: { aliveMs: 300_000, lingerMs: 3_000 } }

const isIntegration = (file: string) => file.endsWith('.int.test.ts')

const isRoot = process.platform === 'linux' && process.getuid?.() === 0
const canRun = (file: string) => isRoot || process.env['CI'] === 'true' || !file.endsWith('.root.int.test.ts')

async function findTests(parts: readonly string[]): Promise<string[]> {
  const found = await glob('**/*.test.ts', {
    dot: true,
    ignore: ['**/node_modules/**', '**/dist/**', '**/.git/**', '**/.agenticraft/**'],
  })
  return found
    .filter(file => parts.length === 0 || parts.some(part => file.includes(part)))
    .sort((a, b) => Number(isIntegration(a)) - Number(isIntegration(b)) || (a < b ? -1 : 1))
}

function report({ file, ms, passed, problem, output }: FileResult): void {
  const seconds = `${(ms / 1000).toFixed(1)} s`.padStart(7)
  if (problem) console.log(`FAIL ${seconds}  ${file}: ${problem}\n${output.trimEnd()}\n`)
  else console.log(`ok   ${seconds}  ${file} (${passed})`)
}

async function runAll(files: readonly string[], signal: AbortSignal): Promise<FileResult[]> {
  const waiting = [...files]
  const results: FileResult[] = []
  const lane = async () => {
    for (let file = waiting.shift(); file !== undefined && !signal.aborted; file = waiting.shift()) {
      const result = await runFile(file, isIntegration(file) ? LIMITS.int : LIMITS.unit, signal)
      report(result)
      results.push(result)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return results
}

const interrupted = new AbortController()
process.once('SIGINT', () => interrupted.abort()).once('SIGTERM', () => interrupted.abort())

const found = await findTests(process.argv.slice(2))
const files = found.filter(canRun)
for (const file of found) if (!canRun(file)) console.log(`left out, needs root on Linux: ${file}`)
if (files.length === 0) console.log('no test file matches')
const results = await runAll(files, interrupted.signal)
const sum = (key: 'passed' | 'failed') => results.reduce((total, result) => total + result[key], 0)
for (const { file, problem } of results) if (problem) console.log(`failed: ${file}: ${problem}`)
console.log(`${sum('passed')} passed, ${sum('failed')} failed`)
process.exitCode = sum('failed') > 0 || results.length < files.length || files.length === 0 ? 1 : 0
