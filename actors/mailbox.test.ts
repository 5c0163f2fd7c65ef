import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { testSuite } from '../runtime/testkit/suite.ts'
import { RuntimeError } from './errors.ts'
import { DEFAULT_CAPACITY, Mailbox, type MailboxOptions } from './mailbox.ts'

const test = testSuite('actors/mailbox')

/** What a mailbox should do, as two plain lists. */
class Model {
  control: number[] = []
  user: number[] = []
}

type Real = Mailbox<number, number>

const isFull = (work: () => unknown): boolean => {
  try {
    work()
  } catch (error) {
    if (error instanceof RuntimeError && error.kind === 'mailbox-full') return true
    throw error
  }
  return false
}

interface Command {
  readonly does: 'push' | 'pushControl' | 'pushFront' | 'takeUser' | 'takeControl' | 'remove' | 'clear'
  readonly n: number
}

function step(
  { does, n }: Command,
  model: Model,
  real: Real,
  { capacity, overflow }: Required<MailboxOptions>,
) {
  switch (does) {
    case 'push':
      if (model.user.length >= capacity && overflow === 'reject') {
        assert.ok(isFull(() => real.push(n)))
        return
      }
      assert.is(real.push(n), model.user.length >= capacity ? model.user.shift() : undefined)
      model.user.push(n)
      return
    case 'pushControl':
      real.pushControl(n)
      model.control.push(n)
      return
    case 'pushFront':
      real.pushFront(n)
      model.user.unshift(n)
      return
    case 'takeUser':
      assert.is(real.takeUser(), model.user.shift())
      return
    case 'takeControl':
      assert.is(real.takeControl(), model.control.shift())
      return
    case 'remove': {
      const at = model.user.indexOf(n)
      assert.is(
        real.remove(item => item === n),
        at < 0 ? undefined : model.user.splice(at, 1)[0],
      )
      return
    }
    default:
      assert.equal(real.clear(), model.user)
      Object.assign(model, new Model())
  }
}

const does = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('push', 'takeUser', 'pushControl', 'takeControl') },
  { weight: 2, arbitrary: fc.constantFrom('pushFront', 'remove') },
  { weight: 1, arbitrary: fc.constant('clear') },
) as fc.Arbitrary<Command['does']>

test('is two first-in first-out lanes, whatever is done to it', () => {
  const commands = fc.array(fc.record({ does, n: fc.nat({ max: 5 }) }), { maxLength: 300, size: 'max' })
  const overflow = fc.constantFrom('reject' as const, 'drop-oldest' as const)
  fc.assert(
    fc.property(commands, fc.integer({ min: 1, max: 6 }), overflow, (all, capacity, rule) => {
      const options = { capacity, overflow: rule }
      const [model, real] = [new Model(), new Mailbox<number, number>(options)]
      for (const command of all) {
        step(command, model, real, options)
        assert.is(real.size, model.user.length)
        assert.is(real.isEmpty, model.user.length + model.control.length === 0)
      }
      assert.equal(real.clear(), model.user)
    }),
  )
})

test('keeps its order when it is long and half taken', () => {
  const mailbox = new Mailbox<never, number>({ capacity: 10_000 })
  const taken: (number | undefined)[] = []
  for (let n = 0; n < 3_000; n++) {
    mailbox.push(n)
    if (n % 3 === 2) taken.push(mailbox.takeUser(), mailbox.takeUser())
  }
  while (mailbox.size > 0) taken.push(mailbox.takeUser())
  assert.equal(
    taken,
    Array.from({ length: 3_000 }, (_, n) => n),
  )
})

test('refuses the message that does not fit and keeps those that wait', () => {
  const mailbox = new Mailbox<never, string>({ capacity: 2 })
  mailbox.push('a')
  mailbox.push('b')
  assert.ok(isFull(() => mailbox.push('c')))
  assert.equal(mailbox.clear(), ['a', 'b'])
})

test('gives up the oldest where that is the rule, and says which', () => {
  const mailbox = new Mailbox<never, string>({ capacity: 2, overflow: 'drop-oldest' })
  assert.is(mailbox.push('a'), undefined)
  assert.is(mailbox.push('b'), undefined)
  assert.is(mailbox.push('c'), 'a')
  assert.equal(mailbox.clear(), ['b', 'c'])
})

test('takes control messages beyond the capacity, and a message back that had its place', () => {
  const mailbox = new Mailbox<number, string>({ capacity: 1 })
  mailbox.push('a')
  for (let n = 0; n < 100; n++) mailbox.pushControl(n)
  mailbox.pushFront('before')
  assert.is(mailbox.size, 2)
  assert.is(mailbox.takeControl(), 0)
  assert.is(mailbox.takeUser(), 'before')
})

test('accepts a thousand messages unless it is told otherwise', () => {
  const mailbox = new Mailbox<never, number>()
  for (let n = 0; n < DEFAULT_CAPACITY; n++) mailbox.push(n)
  assert.ok(isFull(() => mailbox.push(-1)))
})

test('refuses limits and rules that are none', () => {
  const bad: readonly unknown[] = [
    ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null].map(capacity => ({ capacity })),
    { overflow: 'drop' },
  ]
  for (const options of bad) {
    assert.throws(
      () => new Mailbox(options as MailboxOptions),
      (error: unknown) => error instanceof RuntimeError && error.kind === 'definition-invalid',
    )
  }
})

test.run()
