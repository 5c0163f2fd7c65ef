import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { RuntimeError, toWireError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import {
  helloBytes,
  PROTOCOL,
  readHello,
  readToClient,
  readToOwner,
  readWelcome,
  refusalBytes,
  welcomeBytes,
} from './messages.ts'

const test = testSuite('memory/sharing/messages')

const owner = { pid: 7, command: 'node a.js', startedAt: '2026-01-01T00:00:00.000Z' }
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

/** Runs `read`, which may throw `codec-malformed` and nothing else. */
const orMalformed = <T>(read: () => T): T | 'malformed' => {
  try {
    return read()
  } catch (error) {
    if (error instanceof RuntimeError && error.kind === 'codec-malformed') return 'malformed'
    throw error
  }
}

test('reads its own greetings', () => {
  assert.is(readHello(helloBytes()), PROTOCOL)
  assert.equal(readWelcome(welcomeBytes({ owner, inFlight: 64 })), { owner, inFlight: 64 })
  assert.equal(readWelcome(refusalBytes(owner, 'not-shared')), {
    owner,
    refused: 'not-shared',
    protocol: PROTOCOL,
  })
})

test('takes a greeting of another version for a refusal, whatever else it says', () => {
  const welcome = readWelcome(json({ agenticraft: 'memory', protocol: PROTOCOL + 1, owner, new: true }))
  assert.equal(welcome, { owner, refused: 'protocol', protocol: PROTOCOL + 1 })
})

test('refuses greetings that are none', () => {
  const greetings: unknown[] = [
    null,
    1,
    'memory',
    [],
    {},
    { agenticraft: 'memory' },
    { agenticraft: 'other', protocol: 1 },
  ]
  for (const value of [...greetings, { agenticraft: 'memory', protocol: '1' }]) {
    assert.is(
      orMalformed(() => readHello(json(value))),
      'malformed',
    )
    assert.is(
      orMalformed(() => readWelcome(json(value))),
      'malformed',
    )
  }
  const own = { agenticraft: 'memory', protocol: PROTOCOL }
  const welcomes: unknown[] = [
    own,
    { ...own, owner },
    { ...own, owner, inFlight: 0 },
    { ...own, owner: { pid: 'x' }, inFlight: 4 },
    { ...own, owner, inFlight: 4, refused: 'why' },
  ]
  for (const value of welcomes) {
    assert.is(
      orMalformed(() => readWelcome(json(value))),
      'malformed',
    )
  }
  assert.is(
    orMalformed(() => readHello(Buffer.from('GET / HTTP/1.1'))),
    'malformed',
  )
})

test('reads whatever arrives as a message or refuses it', () => {
  const scalar = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.boolean(), fc.double())
  const word = fc.constantFrom('call', 'ping', 'done', 'failed', 'bye', 'pong')
  const tuple = fc.tuple(word, scalar, scalar, scalar, fc.oneof(scalar, fc.array(scalar)))
  const value = fc.oneof(scalar, fc.array(scalar), tuple, fc.object({ maxDepth: 2 })) as fc.Arbitrary<Plain>
  fc.assert(
    fc.property(value, given => {
      const toOwner = orMalformed(() => readToOwner(given))
      if (toOwner !== 'malformed' && toOwner[0] === 'call') {
        const [, id, space, method, args] = toOwner
        assert.ok(Number.isSafeInteger(id) && id > 0 && Array.isArray(args))
        assert.is(typeof space, 'string')
        assert.is(typeof method, 'string')
      }
      const toClient = orMalformed(() => readToClient(given))
      if (toClient !== 'malformed') assert.ok(['done', 'failed', 'pong', 'bye'].includes(toClient[0]))
    }),
    { numRuns: 2_000 },
  )
})

test('reads its own messages', () => {
  assert.equal(readToOwner(['call', 1, 'a', 'get', ['m1']]), ['call', 1, 'a', 'get', ['m1']])
  assert.equal(readToOwner(['ping']), ['ping'])
  const error = toWireError(new RuntimeError('input-invalid', 'no'))
  assert.equal(readToClient(['failed', 3, error as unknown as Plain]), ['failed', 3, error])
  assert.equal(readToClient(['done', 3, null]), ['done', 3, null])
  assert.equal(readToClient(['bye']), ['bye'])
})

test.run()
