/**
 * Where an object ends: "a nurse at a hospital in Porto, which I like" is cut to what the statement is about. Called
 * by the rules for statements. What it returns is always a stretch of what it was given.
 */

const STOP =
  /\s*(?:[,;:!?()"“”—–…]|\.(?=\s|$)|\.{2,}|\s-\s|\s(?:because|since|so|but|and (?=(?:I|we|he|she|they|my|our|it|it's|then|also|am|is|are|have|love|like|enjoy|hate|work|live|want|just|now|do|the|that|this|there|you|would|can|will)\b)|when|which|who|whom|whose|where|while|although|though|if|unless|as|after|before|until|that|even|especially|like|except|than|whenever|cause|thanks|due|despite|without|from now|to be honest|plus|or|every time|once)\b)/
const TAIL =
  /(?:\s+(?:too|now|anymore|any more|these days|right now|at the moment|currently|a lot|so much|very much|as well|again|lol|haha|though|here|there|myself|ourselves|already|most|the most|best|the best|more|btw|by the way|at all|either|always|just|instead|recently|lately|dearly|together|still|for now|today|really|actually|please|man|dude))+$/i

const QUOTED = /"[^"]{1,80}"|“[^“”]{1,80}”/g
/** An object that ends so was cut in its middle. */
const UNFINISHED =
  /(?:^|\s)(?:to|at|in|on|of|for|with|about|from|by|into|the|an?|my|our|his|her|their|your|and|or|very|more|such|be|being|is|are|how)$/i

/** Up to the first word or mark that ends it, without adverbs behind it; empty if that leaves half a phrase. */
export function cutObject(text: string): string {
  const masked = text.replace(QUOTED, quoted => 'X'.repeat(quoted.length))
  const stop = STOP.exec(masked)
  const cut = (stop === null ? text : text.slice(0, stop.index))
    .replace(TAIL, '')
    .replace(/[\s.,!]+$/, '')
    .trim()
  // "A safe, inviting place": the comma stands between adjectives.
  const isHalf = stop?.[0].trim() === ',' && /(?:^|\s)an? \p{Ll}+$/u.test(cut)
  return isHalf || UNFINISHED.test(cut) ? '' : cut
}

const CAPITAL = "\\p{Lu}[\\p{L}\\p{N}'&-]*(?:\\.[\\p{L}]+)?"
const LINK =
  '(?: (?:of|de|da|do|del|di|la|le|los|las|upon|the|an|der|den|&|and(?= (?:Tobago|Herzegovina|Barbuda|Nevis|Sons|Spencer|Company)\\b)))?'
const PROPER = new RegExp(`^(?:the )?${CAPITAL}(?:${LINK} ${CAPITAL}){0,4}`, 'u')
/** What may follow a name that ended; anything else makes it part of something longer. */
const AFTER_NAME =
  /^(?:$|\s*[,;:!.()—–…]|\s-\s|\s(?:now|with|and|but|so|because|since|for|as|in|near|where|which|who|currently|these|at|the|right|today|again|too|anymore|any|these days|on|to|from|after|when|while|by|together|permanently|full-time|part-time|of|instead|though)\b)/

/** The proper name with which `text` begins: "Porto", "the Netherlands", "University of Porto". */
export function properName(text: string): string | undefined {
  const match = PROPER.exec(text)
  if (match === null || /^(?:the )?I\b/.test(match[0])) return undefined
  const name = match[0].replace(/'s$/, '')
  return name === match[0] && AFTER_NAME.test(text.slice(name.length)) ? name : undefined
}

/** "Postgres and Redis", "Slack, Jira and Linear": the names with which `text` begins. */
export function properNames(text: string): readonly string[] {
  const out: string[] = []
  for (let left = text; out.length < MOST_NAMES; ) {
    const name = properName(left)
    if (name === undefined) return out
    out.push(name)
    const link = /^(?:,? and |, )(?=\p{Lu})/u.exec(left.slice(name.length))
    if (link === null) return out
    left = left.slice(name.length + link[0].length)
  }
  return out
}
const MOST_NAMES = 10

const ITEM = "[\\p{L}'-]+(?: [\\p{L}'-]+)?"
const LIST = new RegExp(
  `^${ITEM}(?:, ${ITEM}){1,9},? (?:and|or) (?:${ITEM})(?=$|[.,;:!?)]| (?:too|now|most|a lot|so much|very much|as well)\\b)`,
  'u',
)

/** "Peanuts, shellfish and soy" as three; anything longer than names of things stays one. */
export function listed(text: string): readonly string[] {
  const parts = text.split(/,\s*(?:(?:and|or)\s+)?|\s+(?:and|or)\s+/).map(part => part.trim())
  return parts.length > 1 && parts.every(part => part !== '' && part.split(' ').length <= 2) ? parts : [text]
}

/**
 * Like `cutObject`, but a list with commas is kept whole: "bees, wasps, and hornets". "Tom Brady, father and player" has
 * no comma before its "and": there all items must look alike.
 */
export function cutList(text: string): string {
  const list = LIST.exec(text)?.[0]
  if (list === undefined || APPOSITION.test(list)) return cutObject(text)
  const items = listed(list)
  const isAlike =
    items.every(one => /^\p{Ll}\S*$/u.test(one)) || items.every(one => /^(?:the )?\p{Lu}/u.test(one))
  return /, (?:and|or) /.test(list) || items.length > 3 || isAlike ? list : cutObject(text)
}
const APPOSITION =
  /, (?:and |or )?(?:both|particularly|especially|always|mostly|mainly|never|either|will|have|has|is|are|do|does|also|then|maybe|namely|including|it|my|his|her|our|their|you|I)\b/

/** Words at most. */
export const wordCount = (text: string): number => text.split(/\s+/).filter(word => word !== '').length
