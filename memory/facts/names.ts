/**
 * When two spellings name the same thing: "The  Porto." and "porto", "Ana's wife" and "ana’s Wife". Called wherever
 * subjects, predicates and objects are compared or made into keys. It changes no text that is kept.
 */

const ARTICLES = /^(?:the|an?|my|our|his|her|their|its|your)\s+(?=\S)/
/** Already as `normalName` makes it: one word in lower case. */
const PLAIN = /^[a-z0-9]+$/
const EDGES = /^[\s"'“”‘’«»()[\].,;:!?]+|[\s"'“”‘’«»()[\].,;:!?]+$/g

/** In lower case, one space between words, without article or possessive pronoun in front and punctuation around. */
export function normalName(text: string): string {
  if (PLAIN.test(text)) return text
  const plain = text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[’‘ʼ]/g, "'")
    .replace(/\s+/g, ' ')
    .replace(EDGES, '')
  return plain.replace(ARTICLES, '')
}

/** Whether two objects say the same. */
export const sameName = (a: string, b: string): boolean => a === b || normalName(a) === normalName(b)

/** The name under which somebody's relation is known: `nameOfRelation('Ana', 'wife')` is "Ana's wife". */
export const nameOfRelation = (who: string, relation: string): string =>
  `${who}${/s$/i.test(who) ? "'" : "'s"} ${relation}`
