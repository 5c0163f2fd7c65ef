/**
 * Who sits in a research team of a given size: exactly that many agents, every duty taken. Small teams have
 * agents with two duties; a larger team first frees the planner and the checker, then adds researchers.
 */
import { RuntimeError } from '../../actors/errors.ts'
import { archivist } from '../archivist.ts'
import { coordinator } from '../coordinator.ts'
import { dataAnalyst } from '../data-analyst.ts'
import { type Agent, defineAgent } from '../define-agent.ts'
import { factChecker } from '../fact-checker.ts'
import { technicalWriter } from '../technical-writer.ts'
import { webResearcher } from '../web-researcher.ts'

/** A role of the workflow `research-team`. */
export type Duty = 'coordinator' | 'researchers' | 'analysts' | 'writers' | 'checkers' | 'archivists'

export interface Seat {
  readonly agent: Agent
  readonly duties: readonly Duty[]
}

export const SMALLEST = 3
export const LARGEST = 10
export const DEFAULT_SIZE = 5

const COORDINATOR: Seat = { agent: coordinator, duties: ['coordinator'] }
const RESEARCHER: Seat = { agent: webResearcher, duties: ['researchers'] }
const ANALYST: Seat = { agent: dataAnalyst, duties: ['analysts'] }
const WRITER: Seat = { agent: technicalWriter, duties: ['writers'] }
const CHECKER: Seat = { agent: factChecker, duties: ['checkers'] }
const ARCHIVIST: Seat = { agent: archivist, duties: ['archivists'] }

/** One agent with the skills of two. */
const both = (first: Seat, second: Seat): Seat => ({
  agent: defineAgent({
    ...first.agent,
    instructions:
      [first.agent.instructions, second.agent.instructions].filter(Boolean).join('\n') ||
      first.agent.description,
    skills: { ...first.agent.skills, ...second.agent.skills },
  }),
  duties: [...first.duties, ...second.duties],
})

const ANALYST_WHO_CHECKS = both(ANALYST, CHECKER)
const WRITER_WHO_PLANS = both(WRITER, COORDINATOR)

const times = (count: number, seat: Seat): Seat[] => Array.from({ length: count }, () => seat)

/**
 * The seats of a team of `size`; with a memory whoever plans keeps it, too. Throws `definition-invalid` outside
 * 3 to 10.
 */
export function seatsFor(size: number, memory = false): readonly Seat[] {
  const seats = plainSeats(size)
  return memory
    ? seats.map(seat => (seat.duties.includes('coordinator') ? both(seat, ARCHIVIST) : seat))
    : seats
}

function plainSeats(size: number): readonly Seat[] {
  if (!Number.isInteger(size) || size < SMALLEST || size > LARGEST) {
    throw new RuntimeError('definition-invalid', `a research team of ${size} is not possible`, {
      fix: `choose a whole number from ${SMALLEST} to ${LARGEST}`,
    })
  }
  if (size <= 4) return [WRITER_WHO_PLANS, ...times(size - 2, RESEARCHER), ANALYST_WHO_CHECKS]
  if (size === 5) return [COORDINATOR, ...times(2, RESEARCHER), ANALYST_WHO_CHECKS, WRITER]
  const analysts = size >= 9 ? 2 : 1
  return [
    COORDINATOR,
    ...times(size - 3 - analysts, RESEARCHER),
    ...times(analysts, ANALYST),
    CHECKER,
    WRITER,
  ]
}

export interface Additions {
  readonly addResearchers?: number
  readonly addAnalysts?: number
  readonly addWriters?: number
}

export function extraSeats({
  addResearchers = 0,
  addAnalysts = 0,
  addWriters = 0,
}: Additions): readonly Seat[] {
  for (const count of [addResearchers, addAnalysts, addWriters]) {
    if (!Number.isInteger(count) || count < 0)
      throw new RuntimeError('definition-invalid', `cannot add ${count} agents to a team`)
  }
  return [...times(addResearchers, RESEARCHER), ...times(addAnalysts, ANALYST), ...times(addWriters, WRITER)]
}
