/**
 * A topic taken apart: "How do clients reconnect, drain and close?" is about clients, in three respects.
 * Called by planning. It works on the form of English questions and lists; a topic it cannot read stays
 * whole.
 */

export interface TopicPart {
  /** What the part adds to the topic: "reconnect". */
  readonly words: string
  /** The part as a question of its own: "How do clients reconnect?". */
  readonly question: string
  /** Ends "What do the sources say about X …": "when clients drain", "in connection with redaction". */
  readonly setting: string
}

export interface Topic {
  /** What all parts speak of ("clients"); empty when there is one part only. */
  readonly subject: string
  readonly parts: readonly TopicPart[]
  /** The setting of the whole topic. */
  readonly setting: string
}

const ABOUT = 'What do the sources say about '

/** The question for a subject that is a noun phrase, and back: `subjectOf(questionAbout(x)) === x`. */
export const questionAbout = (subject: string): string => `${ABOUT}${subject}?`
export const subjectOf = (question: string): string | undefined =>
  question.startsWith(ABOUT) ? question.slice(ABOUT.length).replace(/\?$/, '') : undefined

const ASKS = '(?:how|why|when|where|what|which|who)'
const DO_QUESTION =
  /^(?<asks>(?:how|why|when|where|what|which \p{L}+|in what ways?|under which \p{L}+) (?<aux>do|does|did|can|could|should|must|may|might|will|would)) (?<rest>.+)$/iu
const BE_QUESTION = /^(?<asks>(?:how|why|when|where) (?<aux>is|are|was|were)) (?<rest>\S+ .+)$/i
const WHAT_IS = /^what (?:is|are|was|were) (?<rest>.+)$/i
const OTHER_QUESTION = new RegExp(`^(?:${ASKS}|is|are|was|were|can|do|does|should|may|will|would)\\b`, 'i')
const NEXT_QUESTION = new RegExp(
  `(?<=\\?)\\s+|,?\\s+and\\s+(?=${ASKS}\\s+(?:do|does|did|is|are|can|should|must|will|would)\\s)`,
  'i',
)
const PRONOUN = /^(?:i|you|we|they|it|one|he|she|people)$/i
const DETERMINER = /^(?:the|a|an|our|my|your|its|their|this|that|these|those|some|all|each|every|any)$/i
const PREPOSITION =
  /^(?:to|from|with|without|in|on|at|of|for|by|after|before|during|when|while|if|into|over|under|across|between|against|through|via|until|as)$/i
const TAIL =
  /^(?<items>.+?)\s+(?<tail>(?:in|of|for|with|within|on|by|from|between|across|when|while|during)\s+.+)$/i
const PLURAL = /[^su]s$/i
const NOUN_ENDING = /(?:tion|sion|ment|ness|ity|ance|ence|ing)$/i
const SEPARATOR = /\s*,\s*(?:(?:and|or|as well as)\s+)?|\s+(?:and|or|as well as|&|\+)\s+|\s*;\s*/i
const LONGEST_TOPIC = 400

/** The parts of `topic`; always at least one. */
export function topicParts(topic: string): Topic {
  const questions = clean(topic)
    .split(NEXT_QUESTION)
    .map(clean)
    .filter(one => one !== '')
  const [first, ...others] = questions
  if (first === undefined || others.length === 0 || !OTHER_QUESTION.test(first))
    return oneTopic(bare(clean(topic)))
  const leading = oneTopic(bare(first))
  const all = [leading, ...others.map(one => oneTopic(bare(withSubject(one, leading.subject))))]
  const subject = [...new Set(all.map(one => one.subject))].filter(one => one !== '').join(' ')
  return { subject, parts: all.flatMap(one => one.parts), setting: leading.setting }
}

/** A topic may be pasted from anywhere: one line, no Markdown heading or quote marks around it. */
const clean = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/^[#>*\-\s"“]+|["”\s]+$/g, '')
    .slice(0, LONGEST_TOPIC)

const bare = (text: string): string => text.replace(/[?.!\s]+$/, '')

/** "what do they cost" after a question on transports: "what do transports cost". */
const withSubject = (question: string, subject: string): string =>
  subject === ''
    ? question
    : question.replace(/^(\S+ \S+ )(?:they|it)\b/i, (_, asks: string) => `${asks}${subject}`)

function oneTopic(said: string): Topic {
  const asked = DO_QUESTION.exec(said)?.groups ?? BE_QUESTION.exec(said)?.groups
  if (asked !== undefined) return questionParts(asked['asks'] ?? '', asked['aux'] ?? '', asked['rest'] ?? '')
  const what = WHAT_IS.exec(said)?.groups?.['rest']
  if (what !== undefined) return whole(said, what, `in connection with ${what}`)
  if (OTHER_QUESTION.test(said)) return whole(said, said, `in connection with “${said}”`)
  return nounParts(said)
}

const whole = (question: string, words: string, setting: string): Topic => ({
  subject: '',
  parts: [{ words, question: asQuestion(question), setting }],
  setting,
})

const asQuestion = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}?`

function questionParts(asks: string, aux: string, rest: string): Topic {
  const items = rest.split(SEPARATOR).filter(item => item !== '')
  const first = (items[0] ?? '').split(' ')
  if (items.length > 1 && isNoun(first)) return sharedVerb(asks, aux, items)
  const size = subjectLength(aux, first, items.length === 1 ? 1 : words(items[1] ?? ''))
  const subject = first.slice(0, size).join(' ')
  const verbs = [first.slice(size).join(' '), ...items.slice(1)]
  if (subject === '' || verbs.some(verb => verb === '')) {
    return whole(`${asks} ${rest}`, rest, `in connection with “${asks} ${rest}”`)
  }
  const shared = sharedObject(verbs)
  const said = withVerb(verbs).map(verb => (words(verb) === 1 && shared !== '' ? `${verb} ${shared}` : verb))
  const happens = (verb: string) => `when ${inSentence(subject)} ${inStatement(verb, aux)}`
  const parts = said.map(verb => ({
    words: verb,
    question: asQuestion(`${asks} ${subject} ${verb}`),
    setting: happens(verb),
  }))
  const all = withVerb(verbs).map(verb => inStatement(verb, aux))
  return { subject, parts, setting: `when ${inSentence(subject)} ${listed(all, 'or')}` }
}

const words = (text: string): number => text.split(' ').length

const listed = (texts: readonly string[], last: 'and' | 'or'): string =>
  texts.join(', ').replace(/, ([^,]*)$/, ` ${last} $1`)

/** The verb of a question as it stands in a statement: "does reconnect" is "reconnects", "are handled" stays. */
function inStatement(verb: string, aux: string): string {
  const auxiliary = aux.toLowerCase()
  if (auxiliary === 'do' || auxiliary === 'did') return verb
  if (auxiliary !== 'does') return `${auxiliary} ${verb}`
  const [head = '', ...others] = verb.split(' ')
  return [thirdPerson(head), ...others].join(' ')
}

function thirdPerson(verb: string): string {
  if (/^have$/i.test(verb)) return 'has'
  if (/(?:[sxz]|ch|sh|o)$/.test(verb)) return `${verb}es`
  return /[^aeiou]y$/.test(verb) ? `${verb.slice(0, -1)}ies` : `${verb}s`
}

/** "clients and servers reconnect": the list is the subject, the last item carries the verb. */
function sharedVerb(asks: string, aux: string, items: readonly string[]): Topic {
  const last = (items.at(-1) ?? '').split(' ')
  const size = Math.max(1, Math.min(last.length - 1, subjectLength(aux, last, 1)))
  const verb = last.slice(size).join(' ')
  const subjects = [...items.slice(0, -1), last.slice(0, size).join(' ')]
  const happens = (one: string) => `when ${one} ${inStatement(verb, aux)}`
  if (verb === '')
    return whole(
      `${asks} ${listed(items, 'and')}`,
      items.join(', '),
      `in connection with ${listed(items, 'and')}`,
    )
  const parts = subjects.map(one => ({
    words: one,
    question: asQuestion(`${asks} ${one} ${verb}`),
    setting: happens(one),
  }))
  return { subject: verb, parts, setting: happens(listed(subjects, 'or')) }
}

/** Could the list's first item be a bare noun, without a verb: "clients", "the client"? */
const isNoun = (item: readonly string[]): boolean =>
  item.length === 1 || (item.length === 2 && DETERMINER.test(item[0] ?? ''))

/**
 * Where the subject ends: pronoun, plural after "do", verb before a preposition or an object, else as long as
 * its siblings; 0 when that cannot be told.
 */
function subjectLength(aux: string, item: readonly string[], sibling: number): number {
  if (item.length < 2) return 0
  if (PRONOUN.test(item[0] ?? '')) return 1
  const from = DETERMINER.test(item[0] ?? '') ? 1 : 0
  if (/^(?:do|are|were)$/i.test(aux)) {
    const plural = item.findIndex((word, index) => index >= from && PLURAL.test(word))
    if (plural >= 0 && plural < item.length - 1) return plural + 1
  }
  const preposition = item.findIndex((word, index) => index > from + 1 && PREPOSITION.test(word))
  if (preposition > 0) return preposition - 1
  // After "does" no verb ends in one s: the last word is what the verb is done to.
  if (sibling === 1 && item.length > from + 2 && PLURAL.test(item.at(-1) ?? ''))
    return item.length === from + 3 ? from + 1 : 0
  return Math.max(from + 1, item.length - sibling)
}

/** "handle redaction and transports in production": what follows the first object is another object of its verb. */
function withVerb(verbs: readonly string[]): readonly string[] {
  const [first = '', ...others] = verbs
  const [verb = '', object] = first.split(' ')
  if (object === undefined || PREPOSITION.test(object)) return verbs
  return [first, ...others.map(item => (isObject(item.split(' ')) ? `${verb} ${item}` : item))]
}

/** No verb: a plural or a noun by its ending, alone or before a preposition. */
const isObject = ([head = '', next]: readonly string[]): boolean =>
  (next === undefined || PREPOSITION.test(next)) && (PLURAL.test(head) || NOUN_ENDING.test(head))

/** "open and close connections": the object that the last verb names belongs to all of them. */
function sharedObject(verbs: readonly string[]): string {
  const last = (verbs.at(-1) ?? '').split(' ')
  const lone = verbs.length > 1 && verbs.slice(0, -1).every(verb => words(verb) === 1)
  return lone && last.length > 1 && !PREPOSITION.test(last[1] ?? '') ? last.slice(1).join(' ') : ''
}

/** "Logging: transports and redaction", "reconnecting and draining of clients", "actor supervision". */
function nounParts(said: string): Topic {
  const colon = /^([^:]{2,80}):\s+(.+)$/.exec(said)
  const tail = colon === null ? TAIL.exec(said)?.groups : undefined
  const items = (colon?.[2] ?? tail?.['items'] ?? said).split(SEPARATOR).filter(item => item !== '')
  const end = colon === null ? (tail?.['tail'] ?? '') : `in connection with ${inSentence(colon[1] ?? '')}`
  if (items.length < 2 || items.some(item => words(item) > 6)) {
    const only = inSentence(said)
    return whole(bare(questionAbout(only)), only, `in connection with ${only}`)
  }
  const named = items.map(inSentence)
  const parts = named.map(item => ({
    words: item,
    question: questionAbout([item, end].filter(text => text !== '').join(' ')),
    setting: `in connection with ${item}`,
  }))
  const subject = colon?.[1] ?? end.replace(/^\S+\s*/, '')
  return { subject, parts, setting: `in connection with ${listed(named, 'and')}` }
}

/** In lower case when only the first letter of the first word is a capital. */
const inSentence = (text: string): string =>
  /^\p{Lu}[\p{Ll}'’-]+(?=\s|$)/u.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
