import { CommanderError } from 'commander'
import * as assert from 'uvu/assert'
import { ERRORS, isErrorKind, RuntimeError } from '../actors/errors.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { describeFailure, EXIT, EXIT_MEANINGS, exitCodeOf, formatFailure } from './failure.ts'

const test = testSuite('cli/failure')

const plain = (_: unknown, text: string) => text
const missingKey = new RuntimeError('model-key-missing', 'agent "writer" has no model', {
  why: 'model "openai:gpt-4o", but OPENAI_API_KEY is not set',
  fix: 'export OPENAI_API_KEY=…',
  details: { variable: 'OPENAI_API_KEY' },
})

test('prints what, why, fix and docs', () => {
  assert.is(
    formatFailure(describeFailure(missingKey), plain),
    [
      '✖ AC-3003  agent "writer" has no model',
      '   why   model "openai:gpt-4o", but OPENAI_API_KEY is not set',
      '   fix   export OPENAI_API_KEY=…',
      '   docs  docs/errors.md#ac-3003        details: --debug',
    ].join('\n'),
  )
})

test('is the same as data, without a stack', () => {
  assert.equal(describeFailure(missingKey), {
    code: 'AC-3003',
    kind: 'model-key-missing',
    message: 'agent "writer" has no model',
    why: 'model "openai:gpt-4o", but OPENAI_API_KEY is not set',
    fix: 'export OPENAI_API_KEY=…',
    docs: 'docs/errors.md#ac-3003',
    retryable: false,
    exitCode: 78,
    details: { variable: 'OPENAI_API_KEY' },
  })
})

test('shows stack and causes with --debug only', () => {
  const error = new RuntimeError('tool-failed', 'no', { cause: new Error('the disk is full') })
  const failure = describeFailure(error, true)
  assert.match(failure.stack ?? '', 'failure.test.ts')
  assert.match(failure.stack ?? '', 'the disk is full')
  const text = formatFailure(failure, plain)
  assert.match(text, 'failure.test.ts')
  assert.not.match(text, 'details: --debug')
})

test('takes the reason from the cause, else from the table', () => {
  assert.is(
    describeFailure(new RuntimeError('tool-failed', 'no', { cause: new Error('because') })).why,
    'because',
  )
  assert.is(describeFailure(new RuntimeError('tool-failed', 'no')).why, ERRORS['tool-failed'].meaning)
})

test('calls an unexpected error its own fault, and says how to report it', () => {
  for (const thrown of [new TypeError('x is not a function'), 'a string', undefined, null, { message: 1 }]) {
    const failure = describeFailure(thrown)
    assert.equal([failure.kind, failure.exitCode], ['internal', 70])
    assert.match(failure.fix ?? '', 'report')
    assert.is(failure.stack, undefined)
  }
})

test('takes an abort for an interruption', () => {
  assert.is(describeFailure(AbortSignal.abort().reason).exitCode, 130)
})

test('makes a usage failure of what the parser throws, with its suggestion as the fix', () => {
  const thrown = new CommanderError(
    1,
    'commander.unknownCommand',
    "error: unknown command 'docter'\n(Did you mean doctor?)",
  )
  const { kind, exitCode, message, fix } = describeFailure(thrown)
  assert.equal(
    [kind, exitCode, message, fix],
    ['usage', 2, "unknown command 'docter'", 'did you mean doctor?'],
  )
  assert.ok(describeFailure(new CommanderError(1, 'x', 'error: missing')).fix)
})

test('maps kinds to exit codes', () => {
  const expected = {
    usage: 2,
    'input-invalid': 2,
    'no-responders': 69,
    'model-failed': 69,
    internal: 70,
    'output-unwritable': 73,
    'rate-limited': 75,
    'workflow-invalid': 78,
    'sources-missing': 78,
    cancelled: 130,
    'retries-exhausted': 1,
    'budget-exhausted': 1,
  } as const
  for (const [kind, code] of Object.entries(expected))
    assert.is(isErrorKind(kind) && exitCodeOf(kind), code, kind)
})

test('gives every kind an exit code that means something, and never that of success', () => {
  const meant = Object.keys(EXIT_MEANINGS).map(name => EXIT[name as keyof typeof EXIT])
  for (const kind of Object.keys(ERRORS)) {
    const code = isErrorKind(kind) ? exitCodeOf(kind) : undefined
    assert.ok(code !== undefined && code !== EXIT.ok && meant.includes(code), kind)
  }
})

test('does not let a message of a stranger take over the screen', () => {
  const error = new RuntimeError('model-rejected', 'a\u001b[2Jb\nsecond line', {
    why: 'c\u0007\nd',
    fix: '\u202eevil',
  })
  const text = formatFailure(describeFailure(error), plain)
  for (const mark of ['\u001b', '\u0007', '\u202e']) assert.not.match(text, mark)
  assert.ok(text.split('\n').every((line, at) => at === 0 || line.startsWith('   ')))
})

test.run()
