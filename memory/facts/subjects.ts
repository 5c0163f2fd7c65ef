/**
 * Of whom or what a clause states something: "I" is the speaker, "my wife" the speaker's wife, "Ana" is Ana, "our
 * deadline" the deadline. Called by `statements.ts`. Other pronouns are resolved to nobody.
 */
import { NO_NAMES, ONE_OF, SOME_OF } from './known-words.ts'
import { nameOfRelation, normalName } from './names.ts'

export interface Subject {
  readonly name: string
  readonly is: 'self' | 'relation' | 'named' | 'thing'
  /** There is one of it, so that a newer object may end an older one. */
  readonly unique: boolean
  /** What one with a name is to the speaker: "Ana's wife" for "my wife Eva". */
  readonly relation?: string
}

export interface Subjected {
  readonly subject: Subject
  /** What follows the subject, with the contraction written out: "'m a nurse" is "am a nurse". */
  readonly rest: string
}

const SELF = /^(?:I|i|We|we)(?=[ '])/
/** "Just moved to Lisbon": the speaker is left out. */
const LEFT_OUT =
  /^(?:(?:just|finally|recently|already|officially|now) )?(?=(?:(?:lost|quit|left) (?:my job|\p{Lu}\p{L}*)|(?:moved|relocated|settled) |turned \d|adopted an?|started |been (?:living|working|learning|promoted|made) |joined |switched |changed (?:jobs|employers|from|to)|upgraded |downgraded |traded |swapped |sold (?:my|the|our)|replaced |bought |picked up |got (?:a|my|engaged|married|promoted|divorced|hired|made|laid|myself) ?|went (?:vegan|vegetarian|on|from|with|gluten|keto|low)|gave up |given up |quit |stopped |broke up|split up|signed |cancelled |canceled |based in |(?:working (?:at|for|as)|living in|learning|dating) (?!.* (?:is|has|was|are|can|will|takes|feels|makes|means|would)\b)|took up |became |(?:am|is) now|retrained |subscribed |diagnosed |married |engaged |divorced |passed )\b|(?:vegan|vegetarian) (?:now|since|for))/iu
const MINE =
  /^(?:[Mm]y|[Oo]ur) (?:(?:little|big|younger|older|elder|youngest|oldest|eldest|dear|best|good|old|new|own|lovely|twin|half) )?(?<relation>\p{L}+(?:-\p{L}+)?)(?: (?<alias>\p{Lu}\p{Ll}[\p{Ll}-]*)|, (?<apart>\p{Lu}\p{Ll}[\p{Ll}-]*),(?! (?:and|or)\b))?(?=[ '])/u
const APPOSED = /^(?<name>\p{Lu}\p{Ll}[\p{Ll}-]*), my (?:\p{Ll}+ )?(?<noun>\p{Ll}+),(?= )/u
const NAME = /^\p{Lu}[\p{L}\p{N}.&-]*(?: \p{Lu}[\p{L}\p{N}.&-]*){0,3}(?=[ '])/u
const THING =
  /^(?<of>the|our|my|this year's) (?<noun>(?:[\p{L}\p{N}-]+ ){0,2}?[\p{L}\p{N}-]+)(?=(?: (?:is|was|uses|runs|rotates|expires|renews|resets|refreshes|repeats|starts|ends|meets|has|got|moved|will)\b|'s ))/iu
/** "Airbus's engineer" is not "Airbus is engineer". */
const OWNS =
  /^'s? (?!(?:an?|the|in|at|from|now|not|on|been|got|my|our|also|still|just|always|really|moved|lived|worked|started|stopped|quit|left|decided|switched|allergic|married|engaged|vegan|vegetarian|diabetic|pregnant|retired|\p{Ll}+ing|\d+)\b)/u
const PARENTS = /^(?:mom|mum|dad|grandma|grandpa)$/i

/** The subject with which the clause begins. Without a speaker there is no first person. */
export function subjectOf(clause: string, who: string | undefined): Subjected | undefined {
  const self = SELF.exec(clause)
  if (self !== null)
    return who === undefined ? undefined : made({ name: who, is: 'self', unique: true }, clause, self[0])
  const out = LEFT_OUT.exec(clause)
  if (out !== null && who !== undefined) {
    const rest = clause.slice(out[0].length).replace(/^\p{Lu}/u, first => first.toLowerCase())
    return {
      subject: { name: who, is: 'self', unique: true },
      rest: rest
        .replace(/^been\b/, 'have been')
        .replace(/^(?=(?:working|living|based|learning|engaged|married|dating|vegan|vegetarian)\b)/, 'am '),
    }
  }
  return relation(clause, who) ?? apposed(clause, who) ?? thing(clause, who) ?? named(clause)
}

function relation(clause: string, who: string | undefined): Subjected | undefined {
  const match = MINE.exec(clause)
  const noun = match?.groups?.['relation']?.toLowerCase()
  if (match === null || noun === undefined || who === undefined) return undefined
  if (!ONE_OF.has(noun) && !SOME_OF.has(noun)) return undefined
  const name = match.groups?.['alias'] ?? match.groups?.['apart']
  const relation = nameOfRelation(who, noun)
  // "My girlfriend, Toby and I": after the comma stands another person.
  const subject: Subject =
    name === undefined
      ? { name: relation, is: 'relation', unique: ONE_OF.has(noun) }
      : { name, is: 'relation', unique: true, relation }
  return made(subject, clause, match[0])
}

/** "Greta, my sister, lives in …". */
function apposed(clause: string, who: string | undefined): Subjected | undefined {
  const match = APPOSED.exec(clause)
  const { name = '', noun = '' } = match?.groups ?? {}
  if (match === null || who === undefined || NO_NAMES.has(name) || !(ONE_OF.has(noun) || SOME_OF.has(noun)))
    return undefined
  return made({ name, is: 'relation', unique: true, relation: nameOfRelation(who, noun) }, clause, match[0])
}

function named(clause: string): Subjected | undefined {
  const match = NAME.exec(clause)
  if (match === null) return undefined
  const first = match[0].split(' ')[0] ?? ''
  return NO_NAMES.has(first) || PARENTS.test(first) || OWNS.test(clause.slice(match[0].length))
    ? undefined
    : made({ name: match[0], is: 'named', unique: true }, clause, match[0])
}

/** "The API key", "our deadline"; "my deadline" is the speaker's. */
function thing(clause: string, who: string | undefined): Subjected | undefined {
  const match = THING.exec(clause)
  const noun = match?.groups?.['noun']
  if (match === null || noun === undefined) return undefined
  const isMine = match.groups?.['of']?.toLowerCase() === 'my'
  if (isMine && who === undefined) return undefined
  const name = isMine && who !== undefined ? nameOfRelation(who, noun) : noun
  return normalName(name) === '' ? undefined : made({ name, is: 'thing', unique: true }, clause, match[0])
}

const made = (subject: Subject, clause: string, head: string): Subjected => ({
  subject,
  rest: writtenOut(clause.slice(head.length)),
})

const HEADS: readonly (readonly [RegExp, string])[] = [
  [/^\s*'m\b/, ' am'],
  [/^\s*'re\b/, ' are'],
  [/^\s*'ve\b/, ' have'],
  [/^\s*'s (?=(?:been|got|moved|lived|worked|started|stopped|quit|left|decided|switched)\b)/, ' has '],
  [/^\s*'s\b/, ' is'],
  [/^(.{0,20}?)\bcan't\b/, '$1cannot'],
  [/^(.{0,20}?)\bwon't\b/, '$1will not'],
  [/^(.{0,20}?)(do|does|did|is|are|was|have|has)n't\b/, '$1$2 not'],
]
const ADVERBS =
  'also|just|now|currently|still|really|actually|absolutely|totally|always|recently|finally|both|all|truly|definitely|mostly|already|simply|officially|presently|only|particularly|especially|genuinely|honestly|kinda|deeply|dearly'
const FRONT = new RegExp(
  `^((?:(?:am|is|are|do not|does not|have|has|have been|has been) )?)(?:(?:${ADVERBS}) )+`,
  'i',
)

function writtenOut(rest: string): string {
  const written = HEADS.reduce((text, [found, by]) => text.replace(found, by), rest).trim()
  return written.replace(FRONT, '$1').replace(FRONT, '$1').trim()
}
