/**
 * Our side of `memory-recall`: the ranking over the index in memory, with the weights as they are shipped, or with
 * weights learned for each conversation from the others only. Also how well the best score tells questions that have
 * an answer from those of the next conversation, with its names changed to the names of this one.
 */
import { type Prepared, prepare, rank } from '../../memory/recall/ranking.ts'
import { FEATURES, type Feature, RECALL_WEIGHTS } from '../../memory/recall/weights.ts'
import { type Conversation, givenConversations, type Question } from '../memory-recall/conversations.ts'
import { type Answered, answered, DEPTH, figures, type Search } from '../memory-recall/figures.ts'
import { type Example, learned, scoreOf } from '../memory-recall/learning.ts'
import { askedAt, type OurIndex, ourIndex } from '../memory-recall/our-index.ts'
import { auc } from '../memory-update/measures.ts'
import { type Measured, Unavailable } from '../scenario.ts'

/** Set by hand and not to be learned: no question of such a set tells what they are for. */
const BY_HAND = new Set<Feature>([
  'newest',
  'importance',
  'recent',
  'fact',
  'insight',
  'elsewhere',
  'meaning',
])

export const asShipped = async (): Promise<Measured> => {
  const conversations = givenConversations()
  const { reader, firsts } = ourIndex(conversations)
  const all = { reader, firsts }
  const own = new Map(conversations.map(one => [one, ourIndex([one])]))
  const alone = answered(conversations, one => searchWith(own.get(one) as OurIndex))
  const together = answered(conversations, () => searchWith(all))
  return measured(alone, {
    ...figures(alone),
    ...figures(together, 'one store: '),
    ...abstention(conversations, own),
  })
}

const searchWith =
  ({ reader, firsts }: OurIndex): Search =>
  (text, conversation) => {
    const place = placeIn(conversation, firsts)
    return rank(reader, text, { now: askedAt(conversation), limit: DEPTH }).map(({ doc }) => place(doc))
  }

const placeIn = (conversation: Conversation, firsts: OurIndex['firsts']): ((doc: number) => number) => {
  const first = firsts.get(conversation) ?? 0
  return doc => (doc >= first && doc < first + conversation.turns.length ? doc - first : -1)
}

/** Area under the ROC curve of the best score: with an answer in the store against without. */
function abstention(
  conversations: readonly Conversation[],
  own: ReadonlyMap<Conversation, OurIndex>,
): Record<string, number> {
  if (conversations.length < 2) return {}
  const best = (conversation: Conversation, text: string): number => {
    const { reader } = own.get(conversation) as OurIndex
    return rank(reader, text, { now: askedAt(conversation), limit: 1 })[0]?.score ?? 0
  }
  const scores = (of: (one: Conversation, nth: number) => readonly string[]): readonly number[] =>
    conversations.flatMap((one, nth) => of(one, nth).map(text => best(one, text)))
  const texts = ({ questions }: Conversation, isAsked: (question: Question) => boolean): readonly string[] =>
    questions.filter(isAsked).map(({ text }) => text)
  const hasAnswer = ({ category }: Question): boolean => category !== 5
  const known = scores(one => texts(one, hasAnswer))
  const foreign = scores((one, nth) => {
    const other = conversations[(nth + 1) % conversations.length] as Conversation
    return texts(other, hasAnswer).map(text => renamed(text, other, one))
  })
  const wrongPerson = scores(one => texts(one, question => !hasAnswer(question)))
  const { known: threshold } = RECALL_WEIGHTS
  return {
    'no answer: AUC of the best score': 100 * auc(known, foreign),
    ...(wrongPerson.length > 0 && { 'asked of the wrong person: AUC': 100 * auc(known, wrongPerson) }),
    'known threshold: answers kept': (100 * known.filter(score => score >= threshold).length) / known.length,
    'known threshold: no answer told':
      (100 * foreign.filter(score => score < threshold).length) / foreign.length,
  }
}

const renamed = (text: string, from: Conversation, to: Conversation): string =>
  from.speakers.reduce((changed, name, nth) => changed.replaceAll(name, to.speakers[nth] ?? name), text)

/** Each conversation with weights that the others taught: leave-one-out, as the weights we ship have seen them all. */
export const leftOut = async (): Promise<Measured> => {
  const conversations = givenConversations()
  if (conversations.length < 2) throw new Unavailable('needs two conversations or more')
  const own = new Map(conversations.map(one => [one, ourIndex([one])]))
  const examples = new Map(conversations.map(one => [one, examplesOf(one, own.get(one) as OurIndex)]))
  const weights = new Map(
    conversations.map(one => {
      const others = conversations.filter(other => other !== one).flatMap(other => examples.get(other) ?? [])
      return [one, asShippedScale(learned(others, { fixed: FIXED }))]
    }),
  )
  const search = (index: OurIndex): Search => byWeights(index, conversation => weights.get(conversation))
  const all = ourIndex(conversations)
  const alone = answered(conversations, one => search(own.get(one) as OurIndex))
  const together = answered(conversations, () => search(all))
  const { p50, p99, ...values } = figures(alone)
  return measured(alone, { ...values, ...withoutTimes(figures(together, 'one store: ')) })
}

const measured = (alone: readonly Answered[], values: Record<string, number>): Measured => ({
  values,
  asked: alone.length,
  answered: alone.length,
})

/** The time of learned weights is that of the bench, not of the ranking. */
const withoutTimes = (values: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !/p\d\d$/.test(name)))

const FIXED = FEATURES.map(feature => (BY_HAND.has(feature) ? 0 : undefined))

/** As weights are shipped: as large together as those, and with those that are set by hand. */
function asShippedScale(found: Float64Array): Float64Array {
  const shipped = Float64Array.from(FEATURES, feature =>
    BY_HAND.has(feature) ? 0 : RECALL_WEIGHTS.features[feature],
  )
  const size = (weights: Float64Array): number => weights.reduce((sum, each) => sum + Math.abs(each), 0)
  const scale = size(shipped) / size(found)
  return found.map((weight, nth) => {
    const feature = FEATURES[nth] as Feature
    return BY_HAND.has(feature) ? RECALL_WEIGHTS.features[feature] : weight * scale
  })
}

const preparedFor = ({ reader }: OurIndex, text: string, conversation: Conversation): Prepared =>
  prepare(reader, text, { now: askedAt(conversation) })

const examplesOf = (conversation: Conversation, index: OurIndex): readonly Example[] =>
  conversation.questions
    .filter(({ category }) => category !== 5)
    .map(({ text, evidence }) => {
      const { docs, rows } = preparedFor(index, text, conversation)
      return { rows, isEvidence: Uint8Array.from(docs, doc => (evidence.includes(doc) ? 1 : 0)) }
    })

const byWeights =
  (index: OurIndex, weightsOf: (conversation: Conversation) => Float64Array | undefined): Search =>
  (text, conversation) => {
    const { docs, rows } = preparedFor(index, text, conversation)
    const weights = weightsOf(conversation) ?? new Float64Array(FEATURES.length)
    const scores = Array.from(docs, (_, row) => scoreOf(rows, row, weights))
    const place = placeIn(conversation, index.firsts)
    return Array.from(docs.keys())
      .sort((a, b) => (scores[b] as number) - (scores[a] as number) || b - a)
      .slice(0, DEPTH)
      .map(row => place(docs[row] as number))
  }
