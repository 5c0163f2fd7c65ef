/**
 * uvu with its traps closed: every test has a time limit, so that a promise that never settles fails with
 * the test's name instead of ending the process. The runner in `.ci/test.ts` closes the other two (a file
 * that never calls `run`, a handle that keeps the process alive).
 */
import { suite } from 'uvu'
import { within } from './within.ts'

interface TestOptions {
  /** Milliseconds one test may take. Default 10,000. */
  readonly limitMs?: number
}

type Body = () => Promise<unknown> | unknown

export interface TestSuite {
  (name: string, body: Body): void
  only(name: string, body: Body): void
  before(body: Body): void
  after(body: Body): void
  beforeEach(body: Body): void
  afterEach(body: Body): void
  run(): void
}

/** A uvu suite named by the path of its source, for example `actors/mailbox`. */
export function testSuite(name: string, { limitMs = 10_000 }: TestOptions = {}): TestSuite {
  const inner = suite(name)
  const limited = (title: string, body: Body) => async () => {
    try {
      await within(limitMs, async () => body(), `"${title}"`)
    } catch (error) {
      throw printable(error)
    }
  }
  const hook = (register: (body: () => Promise<void>) => void, title: string) => (body: Body) =>
    register(limited(title, body))
  return Object.assign((title: string, body: Body) => inner(title, limited(title, body)), {
    only: (title: string, body: Body) => inner.only(title, limited(title, body)),
    before: hook(inner.before, 'before'),
    after: hook(inner.after, 'after'),
    beforeEach: hook(inner.before.each, 'before each'),
    afterEach: hook(inner.after.each, 'after each'),
    run: () => inner.run(),
  })
}

/** uvu takes `details` for a text it can split and dies silently on any other: such an error is shown by its stack. */
function printable(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || !('details' in thrown) || typeof thrown.details === 'string')
    return thrown
  const shown = new Error(thrown.message, { cause: thrown })
  shown.name = thrown.name
  shown.stack = `${thrown.stack}\ndetails: ${JSON.stringify(thrown.details)}`
  return shown
}
