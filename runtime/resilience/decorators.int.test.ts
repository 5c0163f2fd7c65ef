/**
 * The decorators as users compile them: the same source through tsc and through esbuild, each run by a real
 * node process with real time. The simulated clock's tests are beside each policy.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, parse, relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { transform } from 'esbuild'
import * as assert from 'uvu/assert'
import { testSuite } from '../testkit/suite.ts'

const test = testSuite('runtime/resilience/decorators', { limitMs: 120_000 })

const run = promisify(execFile)
const require = createRequire(import.meta.url)
const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..')

/** What a user writes; `from` is where the policies are, relative to the file. */
const fixture = (from: string): string => `
import { cache } from '${from}/cache.ts'
import { fallback } from '${from}/fallback.ts'
import { rateLimit } from '${from}/rate-limit.ts'
import { retry } from '${from}/retry.ts'
import { timeout } from '${from}/timeout.ts'

class Client {
  readonly #host = 'a.example'
  calls = 0
  hung = 0
  computed = 0

  @retry({ attempts: 3, backoff: 'exponential' })
  @timeout({ seconds: 30 })
  async call(path: string): Promise<string> {
    this.calls++
    if (this.calls < 3) throw new Error('attempt ' + this.calls)
    return this.#host + path
  }

  @retry({ attempts: 2, backoff: 'fixed', baseMs: 1 })
  @timeout({ ms: 20 })
  hang(): Promise<never> {
    this.hung++
    return new Promise((_, reject) => setTimeout(() => reject(new Error('too late')), 60))
  }

  @cache()
  area(width: number, height: number): number {
    this.computed++
    return width * height
  }

  @fallback(function (this: Client, id: number) {
    return this.#host + ' without ' + id
  })
  async find(id: number): Promise<string> {
    throw new Error('no ' + id)
  }

  @rateLimit({ calls: 1, perSeconds: 60, onLimit: 'throw' })
  static async ping(): Promise<string> {
    return 'pong'
  }

  @retry({ attempts: 2, backoff: 'fixed', baseMs: 1 })
  async #hidden(): Promise<string> {
    return this.#host
  }
  ask(): Promise<string> {
    return this.#hidden()
  }
}

class Derived extends Client {
  override async call(path: string): Promise<string> {
    return 'derived ' + (await super.call(path))
  }
}

const kindOf = (error: unknown): unknown => (error as { kind?: unknown }).kind
const failure = (work: Promise<unknown>): Promise<unknown> => work.then(() => undefined, (error: unknown) => error)

function decorateAnAccessor(): unknown {
  try {
    class Wrong {
      // @ts-expect-error an accessor is no method
      @retry()
      get value(): number {
        return 1
      }
    }
    return new Wrong()
  } catch (error) {
    return kindOf(error)
  }
}

const [one, two] = [new Client(), new Derived()]
const [first, second, hung] = await Promise.all([one.call('/x'), two.call('/y'), failure(one.hang())])
await Client.ping()
const tries = { count: 0 }
const wrapped = retry({ attempts: 3, backoff: 'exponential', baseMs: 1 })(async (by: number) => {
  tries.count += by
  if (tries.count < 6) throw new Error('not yet')
  return tries.count
})
const result = {
  decorated: [first, one.calls],
  inherited: [second, two.calls],
  hung: [kindOf(hung), kindOf((hung as Error).cause), one.hung],
  cached: [one.area(2, 3), one.area(2, 3), two.area(2, 3), one.computed, two.computed],
  fallenBack: await one.find(7),
  limited: kindOf(await failure(Client.ping())),
  hidden: await one.ask(),
  wrapped: await wrapped(2),
  shape: [Client.prototype.call.name, Client.prototype.area.length],
  accessor: decorateAnAccessor(),
}
process.stdout.write(JSON.stringify(result))
`

const EXPECTED = {
  decorated: ['a.example/x', 3],
  inherited: ['derived a.example/y', 3],
  hung: ['retries-exhausted', 'attempt-timeout', 2],
  cached: [6, 6, 6, 1, 1],
  fallenBack: 'a.example without 7',
  limited: 'rate-limited',
  hidden: 'a.example',
  wrapped: 6,
  shape: ['call', 2],
  accessor: 'definition-invalid',
}

/** A folder of its own for `body`, removed afterwards, and the fixture as seen from there. */
async function inFolder(body: (folder: string, source: string) => Promise<void>): Promise<void> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'decorators-')))
  try {
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await body(folder, fixture(relative(folder, here).split(sep).join('/')))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What the program printed. A process that fails, or is kept alive by a forgotten timer, rejects. */
async function output(args: readonly string[]): Promise<unknown> {
  const { stdout, stderr } = await run(process.execPath, args, { cwd: root, timeout: 20_000 })
  assert.is(stderr, '')
  return JSON.parse(stdout)
}

test('tsc compiles the decorators, strictly checked, and they work in plain node', async () => {
  await inFolder(async (folder, source) => {
    const compilerOptions = {
      target: 'es2022',
      lib: ['es2024', 'esnext.decorators'],
      module: 'nodenext',
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: true,
      rewriteRelativeImportExtensions: true,
      types: ['node'],
      typeRoots: [join(root, 'node_modules', '@types')],
      rootDir: parse(root).root,
      outDir: join(folder, 'out'),
    }
    await writeFile(join(folder, 'fixture.ts'), source)
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['fixture.ts'] }))
    const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc')
    await run(process.execPath, [tsc, '-p', folder], { timeout: 60_000 }).catch(
      (error: { stdout?: string }) => {
        throw new Error(`tsc: ${error.stdout}`, { cause: error })
      },
    )
    const compiled = join(folder, 'out', relative(parse(root).root, folder), 'fixture.js')
    assert.equal(await output([compiled]), EXPECTED)
  })
})

test('esbuild compiles the decorators and they work the same', async () => {
  await inFolder(async (folder, source) => {
    const { code, warnings } = await transform(source, { loader: 'ts', target: 'es2022', format: 'esm' })
    assert.equal(warnings, [])
    const compiled = join(folder, 'fixture.js')
    await writeFile(compiled, code)
    const tsx = pathToFileURL(require.resolve('tsx')).href
    assert.equal(await output(['--import', tsx, compiled]), EXPECTED)
  })
})

test.run()
