/**
 * The work of each scenario, the same for every subject: what is asked, what the scripted model says, and
 * what a right answer is. Subjects bring only their own way of doing it.
 */

export const IN_FLIGHT = [1, 32] as const
export const REMOTE_IN_FLIGHT = [1, 32, 256] as const

/** Asks one actor makes to another for one message from outside. */
export const ASKS_PER_RUN = 100

export const STEPS = 10

/** Workflows under way at the same time in `durable-step`. */
export const RUNS_AT_ONCE = 32

/** Nodes, and workflows under way at the same time on all of them, in `cluster-steps`. */
export const CLUSTER_NODES = 3
export const CLUSTER_RUNS = [1, 32, 256] as const

/** Node processes in `nodes`, and asks and workflows under way at the same time. */
export const NODE_COUNTS = [1, 2, 3, 4] as const
export const ASKS_AT_ONCE = 256
export const NODE_RUNS = 64

/** How often a node is killed, and how often it is told to end, in `failover`. */
export const KILLS = 20

/** Bytes of a commit of ours that holds the result of a step: what is put when the disk is measured alone. */
export const STEP_BYTES = 480

/** What is left unfinished and brought back in `recovery`, and the commits of each. */
export const UNFINISHED_RUNS = 1_000
export const COMMITS_PER_RUN = 50

/** Actors on disk in `passivation`, and how many of them are woken. */
export const SLEEPERS = 100_000
export const WOKEN = 2_000

/** How many idle actors are weighed. */
export const IDLE_ACTORS = 20_000

export const INSTRUCTIONS = 'You calculate. Use the tool add, then answer with its sum.'
export const ADD_DESCRIPTION = 'Adds two numbers.'

export const question = (n: number): string => `What is ${n} plus 1?`

/** The scripted model's first turn: the arguments of its tool call, read from the question. */
export function operands(text: string): { a: number; b: number } {
  const [a = Number.NaN, b = Number.NaN] = (text.match(/\d+/g) ?? []).map(Number)
  return { a, b }
}

/** The scripted model's second turn: its answer, from what the tool returned. */
export const answerText = (sum: unknown): string => JSON.stringify({ answer: sum })
