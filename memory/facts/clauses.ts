/**
 * The clauses of a turn that may state something: not questions, conditions, wishes, guesses, quotations or what
 * others are reported to say. Called by `statements.ts`. It leaves out more than it must: a statement that is missed
 * is better than a wrong one.
 */

export interface Clause {
  /** Typographic apostrophes are plain ones here; nothing else differs from the turn. */
  readonly text: string
  /** The sentence it stands in, as written. */
  readonly sentence: string
}

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' })

/** Longer ones are lists, logs or attacks, not something somebody says. */
const LONGEST_SENTENCE = 600
const QUOTED_LINE = /^\s*(?:>|```|~~~|\|)/
const UNREAL =
  /\b(?:if|unless|whether|imagine|imagined|suppose|supposing|supposedly|pretend|pretending|wish|wished|wishes|would|could|might|maybe|perhaps|probably|possibly|hypothetically|dreamed|dreamt|kidding|joking|assume|assuming|as though|or something|role-?play|fictional|character)\b|\bI'd\b(?! (?:much )?rather\b)|\bwe'd\b/i
const REPORTED =
  /\b(?:said|says|saying|told|tells|telling|tell|thinks|thought|claims|claimed|according|heard|read|reads|wrote|writes|asked|asks|believes|believed|guess|story|song|lyrics|movie|in (?:the|this|that|my|a) (?:film|book|novel|dream|game|show|series|play|joke|episode|scene|picture|photo)|quote|quoting|e\.g|example|suggested|meant|mean|hope|hoping|when|whenever|until|before|after|once|while)\b/i
/** A sentence that begins so tells of another time or sets a condition. */
const SUBORDINATE =
  /^(?:when|whenever|while|once|before|after|until|till|although|where|wherever|as soon|as long|in case|back when|given that|provided|say|let's say|what|how|why|who|which|do|does|did|are|is|am|was|were|have|has|can|will|shall|should|may)\b/i
const STARTS = "(?=(?:I|we|We|my|My|our|Our|he|she|they|it)(?:[ ']))(?!(?:my|our) \\p{Ll}+(?: \\p{Ll}+)?,)"
/** Where the next clause begins: punctuation or a conjunction, and then somebody of whom something is said. */
const LINK =
  '(?:(?:and|but|so|because|since|though|plus|also|as|cause|yet)\\s+)?(?:(?:also|now|then|finally|from (?:today|now) on|this time),?\\s+)?'
/** A name or a thing of which a verb says something: a list of names goes on without one. */
const NAMED =
  "(?!who |which |that |and |or )(?=(?:[Tt]he |[Oo]ur )?(?:\\p{Lu}[^\\s,;:!?]*|[a-z-]+(?: [a-z-]+)?(?: (?:of|for|on) (?:\\p{Lu}[^\\s,;:!?]*|[a-z-]+))?)(?: \\p{Lu}[^\\s,;:!?]*)?(?:'s| now| finally)? (?:is|are|has|was|lives|works|moved|runs|uses|ships|builds|goes|takes|tests|needs|owns|leads|fails|stores|replaces|moves|happens|may)\\b)"
const BOUNDARY = new RegExp(
  `\\s*(?:[;—–:]|\\s-\\s|\\.{2,}|…|,)\\s*${LINK}(?:${STARTS}|${NAMED})|\\s+(?:and|but|so|because|plus)\\s+(?:also\\s+|now\\s+|then\\s+)?${STARTS}`,
  'gu',
)
/** "Since Sunday I have …": what stands in front goes behind, where its time is found. */
const FRONTED =
  /^(?<front>(?:(?:[Jj]ust )?(?:[Yy]esterday|[Tt]oday|[Ll]ast (?:night|week|weekend|month|year|[A-Z][a-z]+)|[Tt]his (?:week|month|year|morning|weekend))|(?:[Aa]s of|[Ss]ince|[Ff]rom|[Ss]tarting|[Aa]fter (?:the|this|that|a|an|our|my)|[Bb]ecause of|[Dd]ue to|[Tt]hanks to|[Bb]y|[Ii]n|[Aa]t|[Oo]n|[Uu]ntil|[Ff]or) [^,;:]{2,40}?)),? (?=(?:I|we|my|our|the|he|she) |(?:\p{Lu}\S+ ){1,2}(?:is|has|may|runs|uses|lives|works|ships|needs|requires|owns|leads|tests|builds|goes|takes)\b|[a-z]+ is (?:on|at) )(?<rest>.+?)(?<end>[.!]*)$/u
const LEAD_IN =
  /^(?:(?:well|so|and|but|yes|yeah|yep|yup|no|nope|nah|oh|ah|aw|aww|wow|hey|hi|hello|ok|okay|haha|lol|hmm|um|uh|also|plus|btw|by the way|actually|honestly|personally|anyway|besides|indeed|fyi|just so you know|in fact|as you know|as i said|you know|you see|look|sure|of course|right|true|thanks|thank you|fun fact|update(?=[:!,.])|good news|big news|sadly|unfortunately|fortunately|luckily|sorry|please note that|note that|for me|for the record|it's true|same here|me too|recently|currently|nowadays|these days|now|still|man|dude|please|imagine(?=[,:!])|welcome(?=,))\b(?:[ ,]+(?!I\b)[A-Z][a-z]+(?=[,!]))?[\s,:!.…-]*){1,4}/i

/** In order. A clause that follows another one in its sentence is checked with what stands before it. */
export function clausesOf(text: string): Clause[] {
  return text
    .split(/\r?\n/)
    .filter(line => !QUOTED_LINE.test(line))
    .flatMap(sentencesOf)
    .filter(sentence => sentence.length > 4 && sentence.length <= LONGEST_SENTENCE)
    .flatMap(sentence => clausesOfSentence(sentence))
}

const TITLE = /(?:^|\s)(?:Dr|Mr|Mrs|Ms|Prof|St)\.$/

/** "Dr. Okafor" ends no sentence. */
function sentencesOf(line: string): string[] {
  const out: string[] = []
  for (const { segment } of segmenter.segment(line)) {
    const last = out.at(-1)
    if (last !== undefined && TITLE.test(last.trimEnd())) out[out.length - 1] = last + segment
    else out.push(segment)
  }
  return out.map(sentence => sentence.trim())
}

function clausesOfSentence(sentence: string): Clause[] {
  const plain = sentence.replace(/[’‘ʼ]/g, "'")
  if (/[?][\s"')\]”]*$/.test(plain) || UNREAL.test(plain.replace(/^imagine[,:!] /i, ''))) return []
  const out: Clause[] = []
  let from = 0
  const add = (until: number): void => {
    const text = withoutLeadIn(plain.slice(from, until))
    if (!REPORTED.test(plain.slice(0, from)) && !isQuoted(plain, from) && !SUBORDINATE.test(text))
      out.push({ text, sentence })
  }
  if (SUBORDINATE.test(withoutLeadIn(plain))) return []
  for (const { index, 0: boundary } of plain.matchAll(BOUNDARY)) {
    add(index)
    from = index + boundary.length
  }
  add(plain.length)
  return out.flatMap(clause => [clause, ...continued(clause)])
}

/** "I quit my job and moved to Lisbon": the second verb has the subject of the first. */
const SECOND =
  /^(?<subject>(?:(?:[Mm]y|[Oo]ur) \p{L}+(?: \p{Lu}\p{Ll}+)?|\p{Lu}\p{Ll}+(?: \p{Lu}\p{Ll}+)?|I|[Ww]e)(?:, my \p{Ll}+,)?)(?:'ve|'m|'s)? (?!(?:my|our|the|an?|his|her|up|out|on|from|for|to|in|at)\b)(?<first>.{2,120}?)(?:,? and|, but|, then) (?:then |now |finally |just |have |has )*(?=(?<verb>(?:moved|settled|bought|got|took|started|joined|became|switched|works?|lives?|is|am|plays?|replaced|adopted|married|gave up|quit|sold|upgraded|went|use|uses|drives?) ).+$)/u

function continued({ text, sentence }: Clause): Clause[] {
  const match = SECOND.exec(text)
  const { subject = '', first = '' } = match?.groups ?? {}
  if (match !== null) {
    const isFull = !/\b(?:and I|who|that|which)\b/.test(first)
    return isFull ? [{ text: `${subject} ${text.slice(match[0].length)}`, sentence }] : []
  }
  const left = LEFT.exec(text)
  return left === null
    ? []
    : [{ text: text.slice(left[0].length).replace(/^\p{Ll}/u, one => one.toUpperCase()), sentence }]
}
/** Without a subject: "Sold my banjo and started with the harp". */
const LEFT =
  /^(?:Sold|Quit|Left|Gave up|Dropped|Packed up|Cancelled|Finished|Passed) .{2,60}? and (?=(?:moved|settled|bought|got|took|started|joined|became|switched|upgraded) )/

const withoutLeadIn = (text: string): string => fronted(text.trim().replace(LEAD_IN, '').trim())

const INVENTED =
  /\b(?:film|movie|book|novel|song|dream|story|game|show|series|play|joke|fantasy|episode|scene|picture|photo)\b/

function fronted(text: string): string {
  const groups = FRONTED.exec(text)?.groups
  if (groups === undefined || INVENTED.test(groups['front'] ?? '')) return text
  const { front = '', rest = '', end = '' } = groups
  return `${rest} ${front.replace(/^\p{Lu}/u, first => first.toLowerCase())}${end}`
}

/** Whether an odd number of quotation marks stands before. */
const isQuoted = (text: string, at: number): boolean => {
  const before = text.slice(0, at)
  return ((before.match(/"/g)?.length ?? 0) + (before.match(/[“”]/g)?.length ?? 0)) % 2 === 1
}
