/**
 * Rules for what somebody likes, dislikes, prefers, and calls the favourite. Called by `statements.ts`. "I love this"
 * and "I love your dress" are about what is being looked at, not about taste, and give nothing.
 */
import { cutList, cutObject, listed, properName, wordCount } from './objects.ts'
import { ends, type Found, type Rule, rule, since, states } from './rules.ts'

/** Words that point at something only the listeners see, or at a whole thought. */
const POINTS =
  /\b(?:it|it's|this|that|that's|these|those|you|your|yours|them|they|him|her|his|he|she|their|me|us|our|ours|one|ones|how|what|where|why|something|anything|everything|everyone|someone|nothing|stuff|thing|things|idea|part|way|fact|sound|look|looks|vibe|feeling|moment|moments|bit|lot|lots|kind|sort|such|so|too|same|thought|both|all|each|another|other|more|some|here|there|news|photo|photos|pic|pics|picture|pictures|today|now|not|when|if|then)\b/i
/** "The sea" is a taste, "the colours" are those of a picture. */
const KNOWN_BY_ALL =
  /^the (?:beach|sea|ocean|mountains?|outdoors|rain|snow|sun|countryside|theatre|theater|cinema|opera|ballet|gym|forest|woods|desert|city|piano|guitar|violin|drums|cold|heat|autumn|summer|winter|spring|\p{Lu}.*)$/u
/** "I love seeing …", "I like to think …": of the talk, not of the person. */
const PASSING =
  /^(?:to )?(?:see|hear|know|think|say|be|have|get|feel|believe|imagine|hope|tell|ask|seeing|hearing|knowing|thinking|saying|being|having|getting|feeling|making|giving|finding|keeping|trying|using|sharing|watching people|helping|bringing|looking|connecting|catching|talking)\b/i

/** What is liked, or undefined if it is nothing lasting. */
function liking(text: string): string | undefined {
  const object = cutObject(text)
  const words = wordCount(object)
  // "Scents like this", "escaping to that world".
  if (/^ (?:like |to |of |from )?(?:this|that|these|those)\b/.test(text.slice(object.length)))
    return undefined
  if (words === 0 || words > 6 || POINTS.test(object) || PASSING.test(object)) return undefined
  if (/^the\b/i.test(object) && !KNOWN_BY_ALL.test(object)) return undefined
  if (
    /^(?:my|an?|any|no|in|on|at|with|for|from|about|of|out|up|by|being|every|many|much|very|new|\d)\b/i.test(
      object,
    )
  )
    return undefined
  if ((/^to /.test(object) && words < 2) || /^love\b/.test(object)) return undefined
  return /^[\p{L}]/u.test(object) && !/[<>{}[\]|\\/]/.test(object) ? object : undefined
}

const tastes = (
  predicate: 'likes' | 'dislikes',
  text: string | undefined,
  from: { readonly validFrom?: number },
): Found[] => {
  const list = cutList(text ?? '')
  const parts = listed(list)
  if (parts.length > 2 && list.includes(','))
    return parts.flatMap(one => (liking(one) === undefined ? [] : [states(predicate, one, from)]))
  const object = liking(text ?? '')
  return object === undefined ? [] : listed(object).map(one => states(predicate, one, from))
}

const likes = rule(
  /^(?:have |do )?(?:likes?|loved?|loves|adores?|enjoys?|(?:am|is|are) (?:a )?(?:big |huge |massive )?(?:fans? of|fond of|crazy about|into|passionate about)) (?<what>.+)$/,
  ({ what }, said) =>
    // "I loved Rome" tells of once; "I have always loved Rome" of now.
    /^loved/.test(said.rest) ? [] : tastes('likes', what, since(said)),
)

const dislikes = rule(
  /^(?:hates?|dislikes?|detests?|loathes?|cannot stand|(?:do|does) not (?:really )?(?:like|enjoy)|(?:am|is|are) not (?:a )?(?:big |huge )?fans? of) (?<what>.+)$/,
  ({ what }, said) =>
    /\b(?:any ?more|any longer)\b/.test(said.rest) ? [] : tastes('dislikes', what, since(said)),
)

const likesNoMore = rule(
  /^(?:no longer (?:likes?|loves?|enjoys?)|(?:do|does) not (?:really )?(?:like|love|enjoy)|used to (?:like|love|enjoy)|(?:have |has )?(?:stopped|gone off) liking) (?<what>.+)$/,
  ({ what }, said) => {
    const isOver = /\b(?:any ?more|any longer|no longer|used to|stopped|gone off)\b/.test(said.rest)
    const object = isOver ? liking(what ?? '') : undefined
    return object === undefined
      ? []
      : listed(object).map(one => ends('likes', one, since(said).validFrom ?? said.at))
  },
)

const prefers = rule(/^prefers? (?<what>.+)$/, ({ what }, said) => {
  const preferred = cutObject((what ?? '').replace(/ (?:to|over|rather than|instead of|than) .*$/, ''))
  return wordCount(preferred) > 6 || liking(preferred) === undefined
    ? []
    : [states('prefers', preferred, since(said))]
})

/** "My favourite colour is green", read from the whole clause: its subject is the thing. */
export const favourite: Rule = ({ whole, subject, times, at }) => {
  const match =
    /^(?:all-time |absolute )?favou?rite (?<of>[\p{L}-]+(?: [\p{L}-]+){0,2}?) (?:is|are|would be|has (?:always )?been) (?:definitely |probably |still |now |always |currently )?(?<what>.+)$/iu.exec(
      whole,
    )
  const of = match?.groups?.['of']
  const what = match?.groups?.['what'] ?? ''
  if (
    of === undefined ||
    /^(?:thing|things|part|parts|one|ones|memory|memories|moment|moments|so|way|thing about)\b/i.test(of)
  )
    return []
  const quoted = /^["“][^"“”]{1,80}["”]/.exec(what)?.[0]
  const object = quoted ?? properName(what) ?? cutObject(what)
  if (
    object === '' ||
    wordCount(object) > 8 ||
    (quoted === undefined &&
      (POINTS.test(object) ||
        PASSING.test(object) ||
        (/^(?:the|my|our|any|a|an|in|on|to|from|by|with|being)\b/i.test(object) &&
          properName(what) === undefined &&
          !KNOWN_BY_ALL.test(object))))
  )
    return []
  return [
    states(`favourite ${of.toLowerCase()}`, object, {
      ...since({ times, at }),
      subject: subject.name,
    }),
  ]
}

export const TASTES: readonly Rule[] = [likes, dislikes, likesNoMore, prefers]
