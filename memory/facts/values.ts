/**
 * What a statement gives as the value of an attribute, by its shape: a name, a person, an amount, a time, an address, a
 * few plain words. Called by the rules for attributes and changes. Whatever comes back is a stretch of what was given.
 */
import { LANGUAGES, NO_NAMES } from './known-words.ts'
import { cutObject, wordCount } from './objects.ts'

export type Shape = 'name' | 'person' | 'amount' | 'time' | 'address' | 'email' | 'language' | 'words'

const TITLE = '(?:(?:Dr|Mr|Mrs|Ms|Prof|St)\\.? )?'
const FIRST = "(?:\\p{Lu}[\\p{L}\\p{N}'&+-]*|[ie]\\p{Lu}[\\p{L}\\p{N}]*)(?:\\.\\p{L}{2,4}\\b)?"
const MORE = `(?: (?:${FIRST}|\\d+(?:\\.\\d+)*\\p{L}{0,3}\\b|&(?= \\p{Lu})|(?:of|de|da|do|del|van|von|der)(?= \\p{Lu})))`
const NAME = new RegExp(`^${TITLE}${FIRST}${MORE}{0,4}`, 'u')
const PERSON = new RegExp(`^${TITLE}\\p{Lu}[\\p{L}'-]+(?: \\p{Lu}[\\p{L}'-]+){0,2}`, 'u')
/** What may follow a value that is complete; another noun would make it part of something else. */
const COMPLETE =
  /^(?:$|\s*[,;:!.()"”—–…]|\s-\s|\s(?:now|with|and|but|so|because|since|for|as|in|at|on|by|to|from|near|where|which|who|currently|these|right|today|again|too|instead|not|anymore|any|already|this|that|last|next|per|when|while|after|before|until|if|of|over|starting|effective|permanently|plan|tariff|package|tier|myself|here|there|tomorrow|these days|I|we|my|your|you|he|she|they|it)\b)/

function named(text: string, pattern: RegExp): string | undefined {
  const name = pattern.exec(text)?.[0].replace(/'s$/, '')
  if (name === undefined || NO_NAMES.has(name.split(' ')[0] ?? '') || /^(?:I|PS|OK)\b/.test(name))
    return undefined
  return COMPLETE.test(text.slice(name.length)) ? name : undefined
}

const DAY = '(?:mon|tues|wednes|thurs|fri|satur|sun)days?'
const PART = '(?:mornings?|afternoons?|evenings?|nights?)'
const MONTH =
  '(?:january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\\b\\.?'
const CLOCK =
  "(?:\\d{1,2}[:.]\\d{2}(?: ?[ap]\\.?m\\b\\.?)?|\\d{1,2} ?[ap]\\.?m\\b\\.?|\\d{1,2} o'clock|noon|midnight|half past \\w+|quarter (?:past|to) \\w+)"
const DAYS = `(?:(?:every|next|this|the following|alternate) (?:other |second )?)?(?:weekday|weekend|${DAY})s?(?: ${PART})?(?:(?:,| and| or) (?:weekday|weekend|${DAY})s?(?: ${PART})?){0,2}`
const DATE = `(?:the )?\\d{1,2}(?:st|nd|rd|th)?(?: of)? ${MONTH}(?:,? \\d{4})?|${MONTH} (?:the )?\\d{1,2}(?:st|nd|rd|th)?(?:,? \\d{4})?(?![\\d:])|\\d{4}-\\d{2}-\\d{2}|the \\d{1,2}(?:st|nd|rd|th)`
const TIME = new RegExp(
  `^(?:${CLOCK}(?: (?:on )?${DAYS})?|(?:${DATE})(?:(?: at|,) ${CLOCK})?|${DAYS}(?:(?: at|,) ${CLOCK})?|(?:early |mid[- ]|late |the end of |the beginning of )?${MONTH}(?: \\d{4})?|(?:early |mid[- ]|late )?q[1-4](?: \\d{4})?|tomorrow|next (?:week|month|quarter|year))(?![A-Za-z0-9])`,
  'i',
)

const UNIT =
  '(?:euros?|dollars?|pounds?|francs?|yen|crowns?|bucks|quid|percent|per cent|mbit|mbps|gbps|gbit|kb|mb|gb|tb|ms|milliseconds?|seconds?|minutes?|hours?|days?|weeks?|months?|years?|people|users|seats|requests|km|miles|kilometres|kilometers|metres|meters|cm|kg|kilos?|pounds|stone|points|story points|engineers|developers|million|thousand|k)'
const AMOUNT = new RegExp(
  `^(?:[€$£]\\s?)?v?\\d[\\d.,]*(?:[km]\\b)?\\s?(?:%|€|\\$|£)?(?: ?${UNIT}\\b(?:/s)?(?: (?:euros?|dollars?|pounds?))?)?(?: (?:per|a|an) (?:second|minute|hour|day|week|month|year|head|person|seat|user))?`,
  'i',
)
const STREET =
  /^\d{1,5}[a-zA-Z]?,? (?:\p{Lu}[\p{L}'.-]+ ){0,3}\p{Lu}[\p{L}'-]+|^\p{Lu}[\p{L}'.-]+(?: \p{Lu}[\p{L}'.-]+){0,2} \d{1,4}[a-z]?\b/u
const EMAIL = /^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}/

/** Verdicts and moods, and words that point at something: "my diet is terrible", "my hobby is this". */
const NO_VALUE =
  /\b(?:it|this|that|these|those|them|you|your|him|her|his|their|us|there|here|one|ones|something|anything|everything|nothing|what|how|why|not|no|so|very|too|really|quite|pretty|always|never|all|more|most|less|better|worse|best|worst|good|great|bad|terrible|awful|horrible|nice|fine|okay|ok|late|early|broken|dead|gone|lost|over|done|ready|due|new|old|slow|fast|cheap|expensive|dear|high|low|big|small|long|short|hard|easy|tight|important|boring|fun|crazy|weird|strange|different|same|full|empty|free|busy|sick|tired|happy|sad|up|down|out|off|away|back|about|like|just|only|still|almost|being|going|getting|having|looking|coming|ending|working|made|a mess|a joke|a disaster|a nightmare|problem|problems|issue|secret|kidding|cool|tough|awesome|amazing|fantastic|brutal|stressful|simple|healthy|unhealthy|balanced|strict|rubbish|poor|rich|perfect|enough|impossible|wonderful|beautiful|useless|pointless|confusing|complicated|clear|unclear|unknown|pending|missing|wrong|right|correct|fair|huge|tiny|safe|gone|pain|nonsense|disappointing|exhausting)\b/i

function plainWords(text: string): string | undefined {
  const object = cutObject(text.replace(/^(?:an?|the) /, ''))
  return object === '' ||
    wordCount(object) > 3 ||
    !/^\p{Ll}[\p{L} '-]*$/u.test(object) ||
    NO_VALUE.test(object)
    ? undefined
    : object
}

const READERS: Readonly<Record<Shape, (text: string) => string | undefined>> = {
  name: text => named(text.replace(/^(?:an?|the|our|my) (?:new |used |second-hand |old )?/, ''), NAME),
  person: text => named(text.replace(/^(?:our|my) (?:[\p{Ll}-]+ )?(?=\p{Lu})/u, ''), PERSON),
  amount: text => {
    const found = AMOUNT.exec(text)?.[0].replace(/[\s.,]+$/, '')
    const after = found === undefined ? '' : text.slice(found.length)
    return found !== undefined && COMPLETE.test(after) ? found : undefined
  },
  time: text => TIME.exec(text)?.[0].replace(/[\s.,]+$/, ''),
  address: text => STREET.exec(text)?.[0],
  email: text => EMAIL.exec(text)?.[0],
  language: text => {
    const word = /^\p{Lu}\p{Ll}+/u.exec(text)?.[0]
    return word !== undefined && LANGUAGES.has(word) ? word : undefined
  },
  words: plainWords,
}

/** The amount with which `text` begins, whatever follows. */
export const amountIn = (text: string): string | undefined => AMOUNT.exec(text)?.[0].replace(/[\s.,]+$/, '')

/** The value with which `text` begins, in the first of the shapes that fits. Articles in front are left out. */
export function valueIn(text: string, shapes: readonly Shape[]): string | undefined {
  for (const shape of shapes) {
    const found = READERS[shape](text)
    if (found !== undefined && found.length <= LONGEST) return found
  }
  return undefined
}
const LONGEST = 80
