/**
 * Our side of `memory-update`: a memory on disk with a namespace per dialogue, filled in the order of the dialogue and
 * consolidated without a model, then asked. A fact stands for the turns it was derived from; an insight for none.
 */
import { join } from 'node:path'
import type { Hit, Memory, MemoryRecord, Namespace } from '../../memory/memory.ts'
import { RECALL_WEIGHTS } from '../../memory/recall/weights.ts'
import { openMemory } from '../../runtime/open-memory.ts'
import type { Dialogue, Question } from '../memory-update/dialogue.ts'
import { ASKED, generate, questionsIn } from '../memory-update/generate.ts'
import {
  type Answered,
  answers,
  DEPTH,
  type Found,
  percent,
  plainObject,
  rankOf,
  retrievalFigures,
  thresholdFigures,
} from '../memory-update/measures.ts'
import type { Measured } from '../scenario.ts'

export async function memoryUpdate(scratch: string): Promise<Measured> {
  const memory = await openMemory({ dir: join(scratch, 'memory'), clock: { now: () => ASKED } })
  try {
    return await measuredIn(memory)
  } finally {
    await memory.close()
  }
}

async function measuredIn(memory: Memory): Promise<Measured> {
  const dialogues = generate()
  const remembered = new Map<Dialogue, Remembered>()
  for (const dialogue of dialogues) {
    remembered.set(dialogue, await rememberedIn(memory.namespace(dialogue.name), dialogue))
  }
  const of = (dialogue: Dialogue): Remembered => remembered.get(dialogue) as Remembered
  const all = await answers(
    dialogues,
    dialogue =>
      ({ text }) =>
        searched(of(dialogue), text),
  )
  const values = {
    ...retrievalFigures(all),
    ...thresholdFigures(all, RECALL_WEIGHTS.known),
    ...(await figuresOfTime(all, of)),
    ...(await factFigures(all, of)),
  }
  return { values, asked: questionsIn(dialogues).length, answered: all.length }
}

interface Remembered {
  readonly namespace: Namespace
  readonly turnOf: ReadonlyMap<string, number>
}

/** All turns of a dialogue, and what follows from them. */
async function rememberedIn(namespace: Namespace, { turns }: Dialogue): Promise<Remembered> {
  const ids = await namespace.rememberAll(turns)
  for (let waiting = 1; waiting > 0; ) {
    const before = waiting
    const consolidated = await namespace.consolidate()
    waiting = consolidated.waiting
    if (consolidated.episodes === 0 && waiting >= before) throw new Error('consolidation does not get on')
  }
  return { namespace, turnOf: new Map(ids.map((id, turn) => [id, turn])) }
}

async function searched(
  { namespace, turnOf }: Remembered,
  text: string,
  at?: number,
): Promise<readonly Found[]> {
  const hits = await namespace.recall(text, { limit: DEPTH, ...(at !== undefined && { at }) })
  return hits.map(hit => ({ turns: turnsOf(hit, turnOf), score: hit.score }))
}

function turnsOf({ id, kind, from }: Hit, turnOf: ReadonlyMap<string, number>): readonly number[] {
  const sources = kind === 'episode' ? [id] : kind === 'fact' ? (from ?? []) : []
  return sources.flatMap(source => turnOf.get(source) ?? [])
}

/** Questions about a month, asked once more with that month as the time that counts. */
async function figuresOfTime(
  all: readonly Answered[],
  of: (dialogue: Dialogue) => Remembered,
): Promise<Record<string, number>> {
  const asked = all.filter(({ question }) => question.kind === 'month')
  const ranks: number[] = []
  for (const { dialogue, question } of asked) {
    const hits = await searched(of(dialogue), question.text, question.fact?.at)
    ranks.push(rankOf(hits, question.evidence))
  }
  return { 'past, asked with its time: in top 1': percent(ranks, rank => rank === 1) }
}

async function factFigures(
  all: readonly Answered[],
  of: (dialogue: Dialogue) => Remembered,
): Promise<Record<string, number>> {
  const right = new Map<Question, boolean>()
  for (const { dialogue, question } of all) {
    if (question.fact) right.set(question, await isFactRight(of(dialogue).namespace, question.fact))
  }
  const share = (...kinds: readonly Question['kind'][]) =>
    percent(
      [...right].filter(([{ kind }]) => kinds.includes(kind)),
      ([, isRight]) => isRight,
    )
  return {
    'facts now: the object, none outdated': share('now'),
    'facts then: the object, none other': share('month', 'before'),
  }
}

/** Whether the facts of that time hold the object, and none that the attribute had at another time. */
async function isFactRight(
  namespace: Namespace,
  { subject, object, others, at }: NonNullable<Question['fact']>,
): Promise<boolean> {
  const facts = await namespace.facts(subject, { limit: 1_000, ...(at !== undefined && { at }) })
  const objects = new Set(facts.map(objectOf))
  return objects.has(plainObject(object)) && !others.some(other => objects.has(plainObject(other)))
}

const objectOf = ({ fact }: MemoryRecord): string => plainObject(fact?.object ?? '')
