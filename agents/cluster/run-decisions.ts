/**
 * What people decided about effects of unknown outcome in the runs of one partition. Kept beside the journal before
 * anything follows from it, so that a decision counts once, however often it is sent, and on whichever node goes on.
 * It holds for the attempt it was made about: one that is made again and breaks off is for a person again.
 */
import { RuntimeError } from '../../actors/errors.ts'
import { type Plain, sameData, toPlain } from '../../actors/plain.ts'
import type { EffectDecision } from '../../actors/protocol.ts'
import type { Runtime } from '../../runtime/create-runtime.ts'
import { type OpenEffect, openEffects } from '../../runtime/history/open-effects.ts'

export interface RunDecision {
  /** The attempt whose outcome is not known. */
  readonly attempt: number
  readonly decision: EffectDecision
}

/** By effect. */
export type RunDecisions = ReadonlyMap<string, RunDecision>

export interface DecidedRuns {
  /** Effects of the run that have no outcome. */
  open(run: string): Promise<readonly OpenEffect[]>
  /**
   * Notes decisions for good and returns those that still have to be carried out. Throws `effect-unknown` for what does
   * not wait for a person, `usage` for what was decided otherwise.
   */
  note(run: string, given: RunDecisions): Promise<ReadonlyMap<string, EffectDecision>>
  /** Those that were noted and still have to be carried out. */
  pending(run: string): Promise<ReadonlyMap<string, EffectDecision>>
}

/** Kind of the records of decisions, by run. */
const KIND = 'run-decisions'

export function decidedRuns({ journal, runs }: Pick<Runtime, 'journal' | 'runs'>): DecidedRuns {
  const { records } = journal
  const noted = async (run: string): Promise<RunDecisions> =>
    readDecisions((await records.get(KIND, run)) ?? {})
  const open = async (run: string): Promise<readonly OpenEffect[]> => openEffects(await runs.steps(run))
  const still = (
    decided: RunDecisions,
    effects: readonly OpenEffect[],
  ): ReadonlyMap<string, EffectDecision> =>
    new Map(
      effects.flatMap(({ effect, attempt, parked }) => {
        const found = decided.get(effect)
        return parked !== undefined && found?.attempt === attempt ? [[effect, found.decision]] : []
      }),
    )
  const note: DecidedRuns['note'] = async (run, given) => {
    const [before, effects] = [await noted(run), await open(run)]
    const waiting = new Map(
      effects.filter(({ parked }) => parked !== undefined).map(one => [one.effect, one]),
    )
    for (const [effect, { attempt, decision }] of given) {
      const known = before.get(effect)
      if (known?.attempt === attempt) {
        if (!sameData(known.decision, decision)) throw decidedOtherwise(effect, known)
      } else if (waiting.get(effect)?.attempt !== attempt) throw notWaiting(effect, [...waiting.keys()])
    }
    const all = new Map([...before, ...given])
    await records.put(KIND, run, writeDecisions(all), { sync: true })
    return still(all, effects)
  }
  let before: Promise<unknown> = Promise.resolve()
  return {
    open,
    // One after the other, so that of two people who decide at the same time one is told that it was decided.
    note(run, given) {
      const noting = before.then(() => note(run, given))
      before = noting.catch(() => {})
      return noting
    },
    pending: async run => still(await noted(run), await open(run)),
  }
}

/** Decisions as they are sent and kept. */
export const writeDecisions = (decisions: RunDecisions): { readonly [effect: string]: Plain } =>
  toPlain(
    Object.fromEntries(
      [...decisions].map(([effect, { attempt, decision }]) => [effect, { attempt, ...decision }]),
    ),
    'decisions',
  ) as { readonly [effect: string]: Plain }

/** Decisions in a message or a record. Throws `usage`. */
export function readDecisions(given: Plain): RunDecisions {
  return new Map(
    Object.entries(Object(given) as { readonly [effect: string]: Plain }).map(([effect, one]) => [
      effect,
      readDecision(one),
    ]),
  )
}

function readDecision(given: Plain): RunDecision {
  const { attempt, as, output } = Object(given) as { readonly [field: string]: Plain | undefined }
  if (!Number.isSafeInteger(attempt)) throw malformed()
  const decided = Number(attempt)
  if (as === 'redo' || as === 'skip') return { attempt: decided, decision: { as } }
  if (as === 'done') return { attempt: decided, decision: { as, ...(output !== undefined && { output }) } }
  throw malformed()
}

const malformed = (): RuntimeError =>
  new RuntimeError(
    'usage',
    'a decision about an effect lacks its attempt, or is none of done, redo and skip',
    {
      fix: 'run the same version of agenticraft on all nodes and clients',
    },
  )

const decidedOtherwise = (effect: string, { decision }: RunDecision): RuntimeError =>
  new RuntimeError('usage', `"${effect}" was decided already, as ${decision.as}`, {
    why: 'what follows from it may be under way',
    fix: 'see how the run goes on: agenticraft runs show RUN --nats URL',
  })

const notWaiting = (effect: string, waiting: readonly string[]): RuntimeError =>
  new RuntimeError('effect-unknown', `no effect "${effect.slice(0, 200)}" of this run waits for a person`, {
    why: waiting.length === 0 ? 'none does' : `these do: ${waiting.join(', ')}`,
  })
