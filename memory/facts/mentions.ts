/**
 * What a clause takes for granted: who says "my husband and I went" has a husband, "my daughter Sara" has that name,
 * "lasagna is one of my favourite dishes" is a taste. Called by `statements.ts` beside the rules for what is asserted.
 */
import { LANGUAGES, NATIONALITIES, NO_NAMES } from './known-words.ts'
import { nameOfRelation } from './names.ts'
import { cutObject, properName, wordCount } from './objects.ts'
import { type Found, states } from './rules.ts'

/** Not everybody has one, so that to have one says something. "Our kids" may be anybody's. */
const HELD =
  /\b[Mm]y (?:(?:younger|older|elder|little|big|youngest|oldest|eldest|beloved|dear|sweet|lovely|cute|\d+-year-old|one-year-old|two-year-old) )?(?<noun>husband|wife|fianc[eé]e?|partner|girlfriend|boyfriend|son|daughter|kids|children|sons|daughters|twins|baby|brother|sister|brothers|sisters|dog|dogs|cat|cats|puppy|pup|pups|puppies|kitten|rabbit|hamster|parrot|guinea pig|guitar|piano|car|house|apartment|garden)(?: (?<name>\p{Lu}\p{Ll}{2,})|, (?<apart>\p{Lu}\p{Ll}{2,})(?=,(?! (?:and|or)\b)))?(?=$|[\s.,!;')])/gu
/** Told of the past, of a loss, or of what is only meant to be. */
const GONE =
  /\b(?:ex|late|died|dead|passed|lost|former|childhood|kid|young|younger|used to|back then|dream|future|as a (?:child|kid|teen)|ago|buy|buying|find|finding|getting|someday|one day|old days|grew up|growing up|sold|stolen|rent|rental|next)\b/i
const THINGS = /^(?:car|house|apartment|garden|guitar|piano)$/

/** Relations, pets and things the speaker has, and how they are called. */
export function mentioned(clause: string, who: string | undefined): Found[] {
  if (who === undefined || !/\b[Mm]y /.test(clause)) return []
  return [...clause.matchAll(HELD)].flatMap(({ groups, index, 0: match }) => {
    const noun = groups?.['noun'] ?? ''
    const name = groups?.['name'] ?? groups?.['apart']
    const after = clause.slice(index + match.length, index + match.length + 12)
    const isPart =
      name === undefined &&
      /^(?:'s?\b|s\b|-| (?:park|show|shelter|food|friend|friends|lessons?|class|classes|center|shop|store|owners?|lovers?|accident|of|in law)\b)/.test(
        after,
      )
    const isHeld = !GONE.test(clause) && !(isPart && THINGS.test(noun)) && !/^ ?-?in-law/.test(after)
    return [
      ...(isHeld ? [states('has', noun)] : []),
      ...(isName(name)
        ? [states('is called', name ?? '', { subject: nameOfRelation(who, noun), single: false })]
        : []),
    ]
  })
}

const isName = (name: string | undefined): boolean =>
  name !== undefined && !NO_NAMES.has(name) && !LANGUAGES.has(name) && !NATIONALITIES.has(name)

const REVERSED =
  /^(?<what>["“]?[\p{L}\p{N}][^,;:!?()]{1,60}?)(?: is|'s| are| was always| has always been) (?:still |definitely |totally )?(?:(?<one>one of|some of) )?my (?:all-time |absolute )?(?:favou?rites?|faves?)(?<of>(?: [\p{L}-]+){0,2})(?=$|[\s.,!;-])(?<after>.*)$/iu
const FORWARD =
  /^one of my (?:all-time |absolute )?(?:favou?rite|fave) (?<of>[\p{L}-]+(?: [\p{L}-]+)?) is (?<what>.+)$/iu
const POINTS =
  /^(?:it|this|that|these|those|he|she|they|here|there|one|which|what|you|we|i|mine|who|the|a|an|my|your|his|her|their|our)\b/i

/** "Harry Potter is my favourite book", "the sea is one of my favourite places", "one of my favourite dishes is lasagna". */
export function favourites(clause: string, who: string | undefined): Found[] {
  if (who === undefined || !/\bmy .*fav/i.test(clause)) return []
  const forward = FORWARD.exec(clause)?.groups
  const reversed = FORWARD.test(clause) ? undefined : REVERSED.exec(clause)?.groups
  const what = forward?.['what'] ?? reversed?.['what'] ?? ''
  const object = nameOrNoun(what)
  if (object === undefined) return []
  const of = (reversed?.['of'] ?? '').trim()
  const isOnly =
    reversed !== undefined &&
    reversed['one'] === undefined &&
    /^[\p{L}-]+$/u.test(of) &&
    !/^(?:so|and|to|for|because|in|thing|part|ones?|right|now|too)$/.test(of)
  return [
    isOnly
      ? states(`favourite ${of.toLowerCase()}`, object, { subject: who })
      : states('likes', object, { subject: who }),
  ]
}

function nameOrNoun(text: string): string | undefined {
  const quoted = /^["“][^"“”]{1,60}["”]$/.exec(text.trim())?.[0]
  if (quoted !== undefined) return quoted
  const name = properName(text)
  if (
    name !== undefined &&
    name.length === text.replace(/[.!]+$/, '').trim().length &&
    !POINTS.test(name.replace(/^The /, ''))
  )
    return name
  const noun = cutObject(text)
  return POINTS.test(text) ||
    noun === '' ||
    wordCount(noun) > 3 ||
    !/^[\p{L} '-]+$/u.test(noun) ||
    text.length > noun.length + 40
    ? undefined
    : noun
}
