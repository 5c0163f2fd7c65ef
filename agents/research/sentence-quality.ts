/**
 * How well a sentence stands alone in a report, judged by its form: whole, self-contained, informative.
 * Called by the extraction of findings. It knows nothing of the topic; relevance is judged elsewhere.
 */
import { codeSpans } from './readable.ts'

export interface SentenceForm {
  /** The sentence as a person reads it. */
  readonly statement: string
  /** The sentence as it stands in its source. */
  readonly raw: string
  readonly inList: boolean
  /** The headings above it, outermost first. */
  readonly headings: readonly string[]
  readonly source: string
}

const VERB =
  /\b(?:is|are|was|were|be|been|has|have|had|can|cannot|could|may|might|must|shall|should|will|would|do|does|did|isn't|aren't|don't|doesn't|won't|can't|\p{L}{2,}(?:ed|ize[sd]?|ates?|ifies)|(?:accept|add|allow|appl(?:ie|y)|call|caus|chang|close|connect|contain|creat|default|defin|depend|disable|drain|emit|enable|fail|fire|follow|get|give|go|guarantee|handl|happen|help|hold|ignor|includ|keep|lead|let|limit|listen|log|make|mean|need|offer|open|pass|perform|prevent|process|produc|provid|publish|push|read|receiv|reconnect|redact|remov|represent|requir|reset|resolv|retr(?:ie|y)|return|run|send|serv|set|show|specif(?:ie|y)|start|stop|store|support|take|throw|tr(?:ie|y)|turn|us|wait|work|writ|yield)e?s?)\b/iu

/** Words whose meaning lies in an earlier sentence. */
const UNRESOLVED =
  /^(?:(?:this|that|these|those|it|its|they|their|them|he|she|his|her|such|both|neither|either|the (?:former|latter|same|first|second|last|two|other|others|above|previous|rest|next)|another|doing so|in (?:this|that|these|those|such|both|either) \p{L}+|(?:with|for|by|as|at|on|to|from|because of|due to|of) (?:this|that|these|those|such|it|them))\b|(?:when|if|once|after|before|while|until|unless|because|since|whenever|although) (?:it|they|this|that|these|those|he|she)\b|(?:no |any |every |each |all |some )?others?\b|all (?:of )?(?:these|those|this)\b|here'?s?\b|one such\b)/iu
/** `It is recommended to …` names no earlier thing. */
const EMPTY_SUBJECT =
  /^it(?:'s| is| was| may be| can be) (?:also |then |often |usually )?(?:\p{L}+ly )?(?:recommended|possible|important|necessary|best|better|safe|worth|advised|advisable|useful|required|common|good|a good)\b/iu
const CONNECTIVE =
  /^(?:however|therefore|thus|hence|otherwise|instead|similarly|likewise|consequently|conversely|nevertheless|nonetheless|moreover|furthermore|additionally|in addition|also|then|but|and|or|so|yet|still|as a result|as such|on the other hand|alternatively|in other words|that said|with that said|after (?:this|that)|finally|next|first|second|lastly)\b/i
const POINTS_ELSEWHERE =
  /\b(?:(?:the )?(?:example|section|snippet|code|table|list|image|figure|diagram|steps?)s? (?:above|below)|(?:as |is |are )?(?:shown|described|listed|mentioned|explained|seen|noted|defined|discussed) (?:above|below|here|in the|earlier|previously)|(?:in )?the (?:following|above|below|(?:previous|next) (?:section|example|chapter|page|step|snippet|paragraph))\b|see (?:also|the|our|below|above|`|\[|here)|for (?:more|further) (?:information|details?|examples?)|(?:read|check out|refer to|click|visit|find|browse|look at|take a look at) (?:the |our |out |more )|(?:link|documentation|guide|readme|changelog) (?:below|above|for)\b|following (?:example|code|options?|snippet|command|output)|this (?:example|section|page|document|guide|readme|repository|repo))\b/i
const SPEAKS_OF_ITSELF =
  /^(?:note that this|let'?s|we(?:'ll|'re| will| can now)?|i(?:'m|'ve)?|imagine|suppose)\b/i
/** "Removes a stream …", "Must be an array …": what it is said of stands elsewhere. */
const WITHOUT_SUBJECT =
  /^(?:`?[\w.]+`?: )?(?:must|should|can|could|may|will|is|are|was|has|\p{L}{2,}(?<!s)s) (?:the|an?|if|be|to|it|in|all|any|this|that|chunks|[\p{Lu}`])/iu
const QUOTED_CODE = /(?:=>|===?|!==?|&&|\|\||;\s*$|\{\s*$|^\s*[}\])]|<\/|\bconst \w+ =|\bfunction\s*\(|\$ )/
const BOILERPLATE =
  /\b(?:copyright|all rights reserved|licen[cs]ed? under|as is|permission is hereby|without warranty|table of contents|sponsors?|backers?|star us|pull requests? (?:are )?welcome|code of conduct|npm (?:install|i)\b|yarn add|build passing)\b/i
const BOILERPLATE_HEADING =
  /^\W*(?:licen[cs]e|copyright|change ?log|release notes|releases?|history|contribut\w+|contributors?|maintainers?|sponsors?|backers?|acknowledge?ments?|credits?|authors?|table of contents|contents|toc|badges?|support us|community|team|related|see also|links?|further reading|references)\W*$/i
const VERSION_HEADING = /^\W*v?\d+\.\d+(?:\.\d+)?\b/
const BOILERPLATE_FILE =
  /(?:^|[/\\])(?:licen[cs]e|copying|notice|change-?log|changes|history|code[-_]of[-_]conduct|contributing|contributors|authors|maintainers|governance|security)[^/\\]*$/i

const DEFINES =
  /\b(?:is|are) (?:an?|the|one of)\b|\b(?:means|refers to|denotes|consists of|stands for|is (?:called|used|known)|are (?:called|used|known)|defaults? to|by default)\b/i
const BEHAVES =
  /\b(?:will|when|whenever|if|unless|until|after|before|once|must|should|cannot|can not|never|always|only|returns?|throws?|emits?|resolves?|rejects?|requires?|allows?|prevents?|guarantees?|ensures?|causes?)\b/i
const ADVISES =
  /\b(?:should|must|recommend(?:ed|s)?|avoid|prefer(?:red|ably)?|make sure|be aware|be sure|ensure|best practice|ought to)\b|(?:^|[.;:,] )(?:do not|don't|never)\b/i

/** 0 (of no use) to about 1.2 (whole, plain, informative): a factor on the relevance of the sentence. */
export function quality(form: SentenceForm): number {
  const { statement, raw } = form
  if (!isWhole(statement, form.inList) || isLinkList(raw, statement) || looksLikeCode(statement)) return 0
  if (BOILERPLATE.test(statement) || POINTS_ELSEWHERE.test(statement)) return 0
  if (isBoilerplate(form)) return 0
  let factor = lengthFactor(statement.split(' ').length)
  if (BOILERPLATE_FILE.test(form.source)) factor *= 0.3
  if (SPEAKS_OF_ITSELF.test(statement)) factor *= 0.5
  if (/^(?:for (?:example|instance)|e\.g\.)/i.test(statement)) factor *= 0.6
  if (WITHOUT_SUBJECT.test(statement)) factor *= 0.6
  if (form.inList) factor *= /[.!]$/.test(statement) ? 0.95 : 0.8
  if (DEFINES.test(statement)) factor *= 1.1
  if (BEHAVES.test(statement)) factor *= 1.08
  if (ADVISES.test(statement)) factor *= 1.04
  return factor
}

/** True under headings such as "License", "Contributors" or "1.2.0": about the project, not its subject. */
export const isBoilerplate = ({ headings }: Pick<SentenceForm, 'headings'>): boolean =>
  headings.some(heading => BOILERPLATE_HEADING.test(heading) || VERSION_HEADING.test(heading))

/** True when the first words of `statement` point back to a sentence before it. */
export const needsAntecedent = (statement: string): boolean =>
  (UNRESOLVED.test(statement) && !EMPTY_SUBJECT.test(statement)) || CONNECTIVE.test(statement)

/** True when the sentence gives advice or states a duty, in its source's own words. */
export const isAdvice = (statement: string): boolean =>
  ADVISES.test(statement) && !/\bshould (?:always )?be able\b/.test(statement) && !isNamedOption(statement)

/** True when the sentence names code: an identifier, a call, an option. */
export const hasCode = (statement: string): boolean =>
  codeSpans(statement).length > 1 || /\b\w+\(\)|\b\p{Ll}+\p{Lu}\w*\b/u.test(statement)

/** True for a list item of the form `` `name`: what it is ``, or a sentence with a verb that begins and ends as one. */
export function isWhole(statement: string, inList: boolean): boolean {
  if (statement.length < 25 || statement.length > 480 || /[?:]$|\.\.\.$|…$/.test(statement)) return false
  if (!balanced(statement) || statement.split(' ').length < 5) return false
  if (!/^["'“(]?(?:[\p{Lu}\p{Lo}\p{N}`]|\p{Ll}+(?:\p{Lu}|\.\p{L}))/u.test(statement)) return false
  const ended = /[.!。！”"')`]$/u.test(statement)
  if (inList && !ended) return isNamedOption(statement)
  return (
    ended &&
    VERB.test(
      codeSpans(statement)
        .filter((_, index) => index % 2 === 0)
        .join(' x '),
    )
  )
}

/** `` `timeout`: how long to wait for the response ``. */
const isNamedOption = (statement: string): boolean =>
  /^`[^`]+`(?: \([^)]*\))?\s?(?::|-|–|—) \p{L}/u.test(statement)

function balanced(statement: string): boolean {
  const outside = codeSpans(statement)
    .filter((_, index) => index % 2 === 0)
    .join('')
  const times = (mark: RegExp): number => outside.match(mark)?.length ?? 0
  return (
    !outside.includes('`') &&
    times(/\(/g) === times(/\)/g) &&
    times(/"/g) % 2 === 0 &&
    times(/\[/g) === times(/\]/g)
  )
}

/** Most of it is link text, or it holds three links and more. */
function isLinkList(raw: string, statement: string): boolean {
  const links = [...raw.matchAll(/\[([^\][]+)\]\(/g)].map(([, text]) => text ?? '')
  return (
    links.length > 3 || links.join('').length > 0.6 * statement.length || /^\S*https?:\S*$/.test(statement)
  )
}

function looksLikeCode(statement: string): boolean {
  const parts = codeSpans(statement)
  const outside = parts.filter((_, index) => index % 2 === 0).join(' ')
  const symbols = outside.match(/[{}[\]<>=;|\\$@#^~]/g)?.length ?? 0
  return (
    QUOTED_CODE.test(outside) || symbols > 4 || outside.replace(/\s/g, '').length < 0.35 * statement.length
  )
}

const lengthFactor = (words: number): number => {
  if (words < 8) return 0.75
  if (words <= 32) return 1
  return words <= 48 ? 0.9 : 0.75
}
