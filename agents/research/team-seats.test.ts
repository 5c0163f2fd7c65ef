import * as assert from 'uvu/assert'
import { RuntimeError } from '../../actors/errors.ts'
import { testSuite } from '../../runtime/testkit/suite.ts'
import { type Duty, extraSeats, LARGEST, SMALLEST, seatsFor } from './team-seats.ts'

const test = testSuite('agents/research/team-seats')

const DUTIES: readonly Duty[] = ['coordinator', 'researchers', 'checkers', 'analysts', 'writers']
const SKILL_OF: Readonly<Record<Duty, string>> = {
  coordinator: 'plan',
  researchers: 'research',
  checkers: 'check',
  analysts: 'analyse',
  writers: 'write',
  archivists: 'remember',
}
const sizes = Array.from({ length: LARGEST - SMALLEST + 1 }, (_, i) => SMALLEST + i)
const kindOf = (body: () => unknown): string => {
  try {
    body()
  } catch (error) {
    return error instanceof RuntimeError ? error.kind : String(error)
  }
  return 'nothing'
}

test('every size has exactly that many seats, also 4 and 6 (field.md 5.6.1: they built 5 and 7)', () => {
  for (const size of sizes) assert.is(seatsFor(size).length, size)
})

test('every duty is taken, by an agent that has the skill for it', () => {
  for (const size of sizes) {
    const seats = seatsFor(size)
    for (const duty of DUTIES) {
      const taken = seats.filter(seat => seat.duties.includes(duty))
      assert.ok(taken.length > 0, `${duty} of ${size}`)
      for (const { agent } of taken) assert.ok(Object.hasOwn(agent.skills, SKILL_OF[duty]), duty)
    }
  }
})

test('a larger team never has fewer researchers, and the largest has the most of them', () => {
  const researchers = sizes.map(
    size => seatsFor(size).filter(seat => seat.duties.includes('researchers')).length,
  )
  assert.equal(
    researchers,
    [...researchers].sort((a, b) => a - b),
  )
  assert.is(researchers[0], 1)
  assert.ok((researchers.at(-1) ?? 0) >= 5)
})

test('refuses what is no size of a team', () => {
  for (const size of [2, 11, 0, -3, 4.5, Number.NaN, Number.POSITIVE_INFINITY])
    assert.is(
      kindOf(() => seatsFor(size)),
      'definition-invalid',
      String(size),
    )
})

test('adds the agents that are asked for, and refuses to add half of one', () => {
  const added = extraSeats({ addResearchers: 2, addWriters: 1 })
  assert.equal(
    added.map(seat => seat.duties[0]),
    ['researchers', 'researchers', 'writers'],
  )
  assert.equal(extraSeats({}), [])
  for (const count of [-1, 0.5, Number.NaN])
    assert.is(
      kindOf(() => extraSeats({ addAnalysts: count })),
      'definition-invalid',
    )
})

test.run()
