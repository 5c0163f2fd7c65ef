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
  /\b(?:if|unless|whether|imagine|imagined|suppose|supposing|supposedly|pretend|pretending|wish|wished|wishes|would|could|might|maybe|perhaps|probably|possibly|hypothetically|dreamed|dreamt|kidding|joking|assume|assuming|as though|or something|role-?play|fictional|character)\b|\bI'd\b|\bwe'd\b/i
const REPORTED =
  /\b(?:said|says|saying|told|tells|telling|tell|thinks|thought|claims|claimed|according|heard|read|reads|wrote|writes|asked|asks|believes|believed|guess|story|song|lyrics|movie|quote|quoting|e\.g|example|suggested|meant|mean|hope|hoping|when|whenever|until|before|after|once|while)\b/i
/** A sentence that begins so tells of another time or sets a condition. */
const SUBORDINATE =
  /^(?:when|whenever|while|once|before|after|until|till|although|where|wherever|as soon|as long|in case|back when|given that|provided|say|let's say|what|how|why|who|which|do|does|did|are|is|am|was|were|have|has|can|will|shall|should|may)\b/i
const STARTS = "(?=(?:I|we|We|my|My|our|Our|he|she|they|it)(?:[ ']))"
/** Where the next clause begins: punctuation or a conjunction, and then somebody of whom something is said. */
const BOUNDARY = new RegExp(
  `\\s*(?:[;—–]|\\s-\\s|\\.{2,}|…|,)\\s*(?:(?:and|but|so|because|since|though|plus|also|as|cause|yet)\\s+(?:also\\s+|now\\s+|then\\s+)?)?${STARTS}|\\s+(?:and|but|so|because|plus)\\s+(?:also\\s+|now\\s+|then\\s+)?${STARTS}`,
  'g',
)
const LEAD_IN =
  /^(?:(?:well|so|and|but|yes|yeah|yep|yup|no|nope|nah|oh|ah|aw|aww|wow|hey|hi|hello|ok|okay|haha|lol|hmm|um|uh|also|plus|btw|by the way|actually|honestly|personally|anyway|besides|indeed|fyi|just so you know|in fact|as you know|as i said|you know|you see|look|sure|of course|right|true|thanks|thank you|fun fact|update|good news|big news|sadly|unfortunately|fortunately|luckily|sorry|please note that|note that|for me|for the record|it's true|same here|me too|recently|currently|nowadays|these days|now|still|man|dude|please)\b(?:[ ,]+(?!I\b)[A-Z][a-z]+(?=[,!]))?[\s,:!.…-]*){1,4}/i

/** In order. A clause that follows another one in its sentence is checked with what stands before it. */
export function clausesOf(text: string): Clause[] {
  return text
    .split(/\r?\n/)
    .filter(line => !QUOTED_LINE.test(line))
    .flatMap(line => [...segmenter.segment(line)].map(({ segment }) => segment.trim()))
    .filter(sentence => sentence.length > 4 && sentence.length <= LONGEST_SENTENCE)
    .flatMap(sentence => clausesOfSentence(sentence))
}

function clausesOfSentence(sentence: string): Clause[] {
  const plain = sentence.replace(/[’‘ʼ]/g, "'")
  if (/[?][\s"')\]”]*$/.test(plain) || UNREAL.test(plain)) return []
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
  return out
}

const withoutLeadIn = (text: string): string => text.trim().replace(LEAD_IN, '').trim()

/** Whether an odd number of quotation marks stands before. */
const isQuoted = (text: string, at: number): boolean => {
  const before = text.slice(0, at)
  return ((before.match(/"/g)?.length ?? 0) + (before.match(/[“”]/g)?.length ?? 0)) % 2 === 1
}
