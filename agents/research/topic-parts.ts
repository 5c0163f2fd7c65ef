/**
 * A topic taken apart: "How do clients reconnect, drain and close?" is about clients, in three respects.
 * Called by planning. It works on the form of English questions and lists; a topic it cannot read stays
 * whole.
 */

const ABOUT = 'What do the sources say about '

/** The question for a subject that is a noun phrase, and back: `subjectOf(questionAbout(x)) === x`. */
export const questionAbout = (subject: string): string => `${ABOUT}${subject}?`
export const subjectOf = (question: string): string | undefined =>
  question.startsWith(ABOUT) ? question.slice(ABOUT.length).replace(/\?$/, '') : undefined

export interface TopicPart {
  /** What the part adds to the topic: "reconnect". */
  readonly words: string
  /** The part as a question of its own: "How do clients reconnect?". */
  readonly question: string
}

export interface Topic {
  /** What all parts speak of ("clients"); empty when there is one part only. */
  readonly subject: string
  readonly parts: readonly TopicPart[]
  /** Ends "What do the sources say about X …": "when clients drain", "in connection with redaction". */
  readonly setting: (part?: TopicPart) => string
}

const QUESTION =
  /^(?<asks>(?:how|why|when|where|what|which \p{L}+|in what ways?|under which \p{L}+)\s+(?:do|does|did|can|could|should|must|may|might|will|would))\s+(?<rest>.+)$/iu
const BE_QUESTION =
  /^(?:how|why|when|where|what|who|which|is|are|was|were|can|do|does|should|may|will|would)\b/i
const PRONOUN = /^(?:i|you|we|they|it|one|he|she|people|developers|users)$/i
const DETERMINER = /^(?:the|a|an|our|my|your|its|their|this|that|these|those|some|all|each|every|any)$/i
const PREPOSITION =
  /^(?:to|from|with|without|in|on|at|of|for|by|after|before|during|when|while|if|into|over|under|across|between|against|through|via|until|as)$/i
const TAIL =
  /^(?<items>.+?)\s+(?<tail>(?:in|of|for|with|within|on|by|from|between|across|when|while|during)\s+.+)$/i
const SEPARATOR = /\s*,\s*(?:(?:and|or|as well as)\s+)?|\s+(?:and|or|as well as|&|\+)\s+|\s*;\s*/i

/** The parts of `topic`; always at least one. */
export function topicParts(topic: string): Topic {
  const said = clean(topic)
  const questions = said.split(/(?<=\?)\s+/).map(clean)
  if (questions.length > 1 && questions.every(one => one.length > 8)) return manyQuestions(questions)
  const bare = said.replace(/[?.!]+$/, '').trim()
  const question = QUESTION.exec(bare)?.groups
  if (question !== undefined) return questionParts(question['asks'] ?? '', question['rest'] ?? '')
  if (BE_QUESTION.test(bare)) return whole(`${bare}?`, bare)
  return nounParts(bare)
}

/** A topic may be pasted from anywhere: one line, no Markdown heading or quote marks around it. */
const clean = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/^[#>*\-\s"“]+|["”\s]+$/g, '')
    .slice(0, 400)

function manyQuestions(questions: readonly string[]): Topic {
  const parts = questions.map(one => ({ words: one.replace(/\?$/, ''), question: asQuestion(one) }))
  return { subject: '', parts, setting: (part = parts[0]) => about(part?.words ?? '') }
}

function whole(question: string, words: string): Topic {
  return { subject: '', parts: [{ words, question: asQuestion(question) }], setting: () => about(words) }
}

const about = (words: string): string => `in connection with “${words}”`

const asQuestion = (text: string): string => {
  const bare = text.replace(/[?.!\s]+$/, '')
  return `${bare.charAt(0).toUpperCase()}${bare.slice(1)}?`
}

function questionParts(asks: string, rest: string): Topic {
  const items = rest.split(SEPARATOR).filter(item => item !== '')
  const first = (items[0] ?? '').split(' ')
  if (items.length > 1 && nounLength(first) === first.length) return sharedVerb(asks, items)
  const size =
    items.length === 1 ? subjectLength(asks, first, 1) : subjectLength(asks, first, words(items[1] ?? ''))
  const subject = first.slice(0, size).join(' ')
  const verbs = [first.slice(size).join(' '), ...items.slice(1)]
  if (subject === '' || verbs.some(verb => verb === '')) return whole(`${asks} ${rest}`, `${asks} ${rest}`)
  const shared = sharedObject(verbs)
  const parts = verbs.map(verb => {
    const said = words(verb) === 1 && shared !== '' ? `${verb} ${shared}` : verb
    return { words: said, question: asQuestion(`${asks} ${subject} ${said}`) }
  })
  // Third person needs an s that only a dictionary could place: "when the client can reconnect" always works.
  const link = /does$/i.test(asks) ? ' can ' : ' '
  const all = verbs.join(', ').replace(/, ([^,]*)$/, ' or $1')
  return { subject, parts, setting: part => `when ${inSentence(subject)}${link}${part?.words ?? all}` }
}

const words = (text: string): number => text.split(' ').length

/** "clients and servers reconnect": the list is the subject, the last item carries the verb. */
function sharedVerb(asks: string, items: readonly string[]): Topic {
  const last = (items.at(-1) ?? '').split(' ')
  const size = Math.max(1, Math.min(last.length - 1, subjectLength(asks, last, 1)))
  const verb = last.slice(size).join(' ')
  const subjects = [...items.slice(0, -1), last.slice(0, size).join(' ')]
  if (verb === '') return whole(`${asks} ${items.join(', ')}`, items.join(', '))
  const parts = subjects.map(one => ({ words: one, question: asQuestion(`${asks} ${one} ${verb}`) }))
  const setting = (part?: TopicPart) => `when ${part?.words ?? subjects.join(' or ')} ${verb}`
  return { subject: verb, parts, setting }
}

/** How many words of the list's first item could be a bare noun phrase: all of them for "the client". */
const nounLength = (item: readonly string[]): number =>
  item.length === 1 ? 1 : item.length === 2 && DETERMINER.test(item[0] ?? '') ? 2 : 0

/** Where the subject ends: pronoun, plural after "do", verb before a preposition, else as long as its siblings. */
function subjectLength(asks: string, item: readonly string[], sibling: number): number {
  if (item.length < 2) return 0
  if (PRONOUN.test(item[0] ?? '')) return 1
  const from = DETERMINER.test(item[0] ?? '') ? 1 : 0
  if (/\bdo$/i.test(asks)) {
    const plural = item.findIndex((word, index) => index >= from && /[^su]s$/i.test(word))
    if (plural >= 0 && plural < item.length - 1) return plural + 1
  }
  const preposition = item.findIndex((word, index) => index > from + 1 && PREPOSITION.test(word))
  if (preposition > 0) return preposition - 1
  return Math.max(from + 1, item.length - sibling)
}

/** "open and close connections": the object that the last verb names belongs to all of them. */
function sharedObject(verbs: readonly string[]): string {
  const last = (verbs.at(-1) ?? '').split(' ')
  const bare = verbs.length > 1 && verbs.slice(0, -1).every(verb => words(verb) === 1)
  return bare && last.length > 1 && !PREPOSITION.test(last[1] ?? '') ? last.slice(1).join(' ') : ''
}

/** "Logging: transports and redaction", "reconnecting and draining of clients", "actor supervision". */
function nounParts(bare: string): Topic {
  const colon = /^([^:]{2,80}):\s+(.+)$/.exec(bare)
  const tail = colon === null ? TAIL.exec(bare)?.groups : undefined
  const items = (colon?.[2] ?? tail?.['items'] ?? bare).split(SEPARATOR).filter(item => item !== '')
  const end = colon === null ? (tail?.['tail'] ?? '') : `in connection with ${inSentence(colon[1] ?? '')}`
  if (items.length < 2 || items.some(item => words(item) > 6)) {
    const said = inSentence(bare)
    const only = { words: said, question: questionAbout(said) }
    return { subject: '', parts: [only], setting: () => `in connection with ${said}` }
  }
  const named = items.map(inSentence)
  const parts = named.map(item => ({
    words: item,
    question: questionAbout([item, end].filter(text => text !== '').join(' ')),
  }))
  const subject = colon?.[1] ?? end.replace(/^\S+\s+/, '')
  const all = named.join(', ').replace(/, ([^,]*)$/, ' and $1')
  return { subject, parts, setting: part => `in connection with ${part?.words ?? all}` }
}

/** In lower case when only the first letter of the first word is a capital. */
function inSentence(text: string): string {
  return /^\p{Lu}[\p{Ll}'’-]+(?=\s|$)/u.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}
