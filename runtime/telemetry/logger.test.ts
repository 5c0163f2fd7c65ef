import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../testkit/suite.ts'
import { createLogger, type Logger, type LoggerOptions } from './logger.ts'
import { REDACTED } from './redact.ts'

const test = testSuite('runtime/telemetry/logger')

/** A value this process knows to be secret: it has no shape that would give it away. */
const KNOWN = 'plain"words\\only\n8'
const CANARIES: readonly string[] = [
  KNOWN,
  `sk-${'c4N4'.repeat(8)}`,
  `AIza${'c4N4'.repeat(8)}`,
  `Bearer ${'c4N4'.repeat(8)}`,
]
/** What no line may hold: the canaries, as they are and as JSON writes them, also inside of JSON. */
const traces = (canary: string): readonly string[] => {
  const inJson = (text: string) => JSON.stringify(text).slice(1, -1)
  const bare = canary.replace('Bearer ', '')
  return [bare, inJson(bare), inJson(inJson(bare)), inJson(inJson(inJson(bare)))]
}

function capture(options: Omit<LoggerOptions, 'destination'> = {}) {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  const logger = createLogger({ level: 'trace', secrets: [KNOWN], ...options, destination })
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> }
}

class Jsonable {
  readonly #secret: string
  constructor(secret: string) {
    this.#secret = secret
  }
  toJSON() {
    return { inner: this.#secret }
  }
}

const circular = (secret: string) => {
  const node: Record<string, unknown> = { secret: 1, other: secret }
  node['self'] = node
  return node
}

const HIDING_PLACES: Readonly<Record<string, (logger: Logger, secret: string) => void>> = {
  'the message': (logger, secret) => logger.info(`calling with ${secret}`),
  'an argument of the message': (logger, secret) =>
    logger.info('calling with %s and %j', secret, { a: secret }),
  'a field': (logger, secret) => logger.info({ field: secret }, 'x'),
  'a field inside a text': (logger, secret) => logger.info({ field: `before ${secret} after` }, 'x'),
  'a nested body': (logger, secret) => logger.info({ body: { a: [{ b: { c: [secret] } }] } }),
  'a key': (logger, secret) => logger.info({ [secret]: 1, nested: { [`x ${secret} y`]: 2 } }),
  'an error': (logger, secret) => logger.error(new Error(`refused ${secret}`)),
  'an error with a cause': (logger, secret) =>
    logger.error({ err: new Error('outer', { cause: new Error(`inner ${secret}`) }) }, 'x'),
  'an error under another name': (logger, secret) =>
    logger.error({ error: new Error(secret), failure: new Error(secret) }),
  'many errors': (logger, secret) => logger.error(new AggregateError([new Error(secret)], secret)),
  'the details of an error': (logger, secret) =>
    logger.error(
      new RuntimeError('model-failed', 'x', { details: { response: { headers: [secret] } }, why: secret }),
    ),
  'a property of an error': (logger, secret) =>
    logger.error(Object.assign(new Error('x'), { response: { body: secret } })),
  'a child logger': (logger, secret) => logger.child({ bound: secret }).info('x'),
  'a grandchild logger with a serializer': (logger, secret) =>
    logger
      .child({})
      .child({ bound: 1 }, { serializers: { bound: () => secret } })
      .info('x'),
  'bindings set later': (logger, secret) => {
    logger.setBindings({ later: secret })
    logger.info('x')
  },
  'a prefix': (logger, secret) => logger.child({}, { msgPrefix: `${secret} ` }).info('x'),
  'an object that writes itself': (logger, secret) => logger.info({ thing: new Jsonable(secret) }),
  'a cycle': (logger, secret) => logger.info(circular(secret)),
  'a header text': (logger, secret) => logger.info(`Authorization: ${secret}`),
}

for (const [place, hide] of Object.entries(HIDING_PLACES)) {
  for (const pretty of [false, true]) {
    test(`writes no secret hidden in ${place}${pretty ? ', for people' : ''}`, () => {
      for (const canary of CANARIES) {
        const { logger, lines } = capture({ pretty })
        hide(logger, canary)
        assert.ok(lines.length > 0)
        const output = lines.join('')
        for (const trace of traces(canary)) assert.not.ok(output.includes(trace), `${canary} in ${output}`)
        assert.ok(output.includes(REDACTED), output)
      }
    })
  }
}

test('redacts by key whatever the value, in fields, children and errors', () => {
  const { logger, lines } = capture()
  const keys = ['authorization', 'apiKey', 'token', 'password', 'secret', 'cookie', 'Set-Cookie', 'x-api-key']
  for (const key of keys) {
    logger.info({ headers: { [key]: 'harmless-looking' } })
    logger.child({ [key]: { deep: 'harmless-looking' } }).info('x')
    logger.error(Object.assign(new Error('x'), { [key]: 'harmless-looking' }))
  }
  assert.is(lines.length, 3 * keys.length)
  for (const line of lines) {
    assert.not.match(line, 'harmless-looking')
    assert.match(line, REDACTED)
  }
})

test('takes the secrets of the environment when it is given none', () => {
  process.env['TELEMETRY_TEST_PASSWORD'] = 'not-a-shape-of-a-key'
  try {
    const lines: string[] = []
    createLogger({ destination: { write: line => void lines.push(line) } }).info('it is not-a-shape-of-a-key')
    assert.match(lines[0] ?? '', REDACTED)
    assert.not.match(lines[0] ?? '', 'not-a-shape')
  } finally {
    delete process.env['TELEMETRY_TEST_PASSWORD']
  }
})

test('writes one JSON object per line, with what was logged', () => {
  const { logger, lines, last } = capture()
  logger.warn({ actor: 'writer/1', usage: { inputTokens: 5 } }, 'two\nlines')
  assert.is(lines.length, 1)
  assert.match(lines[0] ?? '', /^\{[^\n]*\}\n$/)
  const { level, msg, actor, usage, time } = last()
  assert.equal([level, msg, actor, usage], [40, 'two\nlines', 'writer/1', { inputTokens: 5 }])
  assert.type(time, 'number')
})

test('keeps the message, stack and code of an error', () => {
  const { logger, last } = capture()
  logger.error({ error: new RuntimeError('tool-failed', 'no such file', { details: { path: 'a.txt' } }) })
  const error = last()['error'] as Record<string, unknown>
  assert.equal(
    [error['message'], error['code'], error['details']],
    ['no such file', 'AC-3101', { path: 'a.txt' }],
  )
  assert.match(String(error['stack']), 'logger.test')
})

test('writes nothing below its level, and info by default', () => {
  const { logger, lines } = capture({ level: 'warn' })
  logger.info('x')
  assert.is(lines.length, 0)
  assert.is(createLogger({ destination: { write: () => {} } }).level, 'info')
  const silent = capture({ level: 'silent' })
  silent.logger.fatal('x')
  assert.is(silent.lines.length, 0)
})

test('refuses an unknown level', () => {
  for (const level of ['verbose', '', 'toString', 'INFO'])
    assert.throws(
      () => createLogger({ level: level as 'info' }),
      (error: RuntimeError) => error.kind === 'definition-invalid',
    )
})

test('lets no text move the cursor or forge a line when it writes for people', () => {
  const { logger, lines } = capture({ pretty: true })
  logger.info({ name: 'a\u001b[2Jb', 'k\ney': 1, flip: '\u202eabc' }, 'first\nsecond\r\u0007\u2028third')
  assert.is(lines.length, 1)
  assert.match(lines[0] ?? '', /^\d\d:\d\d:\d\d\.\d{3} INFO {2}first/)
  assert.not.match((lines[0] ?? '').slice(0, -1), /[\p{Cc}\u2028\u202e]/u)
})

test('writes a line for what cannot be serialized', () => {
  const { logger, lines } = capture()
  const hostile = {
    get bad() {
      throw new Error('no')
    },
  }
  logger.info({ hostile, big: 10n }, 'still here')
  assert.is(lines.length, 1)
  assert.match(lines[0] ?? '', 'still here')
})

test.run()
