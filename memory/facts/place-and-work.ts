/**
 * Rules for statements about where somebody lives, works and studies, and as what. Called by `statements.ts`.
 */
import { JOBS, LANGUAGES, SOFTWARE } from './known-words.ts'
import { cutObject, properName, wordCount } from './objects.ts'
import { ends, type Found, isAhead, type Rule, rule, type Said, since, sinceFor, states } from './rules.ts'

const place = (text: string | undefined): string | undefined => {
  const name = properName(text ?? '')
  return name === undefined || isSoftware(name) ? undefined : name
}
const isSoftware = (name: string): boolean => SOFTWARE.has(name)

const lives = rule(
  /^(?:lives?|(?:am|is|are) living|(?:am|is|are) based|resides?) in (?<place>.+)$/,
  ({ place: text }, said) => {
    const name = place(text)
    return name === undefined || isAhead(said)
      ? []
      : [states('lives in', name, { ...since(said), ...sinceFor(said) })]
  },
)

/** "I have lived in Rome" alone tells of the past; with "since" or "for" it still holds. */
const hasLived = rule(/^(?:have|has) (?:lived|been living) in (?<place>.+)$/, ({ place: text }, said) => {
  const name = place(text)
  const from = { ...since(said), ...sinceFor(said) }
  return name === undefined || from.validFrom === undefined ? [] : [states('lives in', name, from)]
})

/** "I lived in Rome from 2010 to 2015". */
const livedOnce = rule(/^lived in (?<place>.+)$/, ({ place: text }, { times, at }) => {
  const name = place(text)
  const span = times.find(time => /^(?:from|between) /i.test(time.text) && time.until <= at)
  return name === undefined || span === undefined
    ? []
    : [states('lives in', name, { validFrom: span.from, validUntil: span.until })]
})

const moved = rule(
  /^(?:have |has )?(?:just |recently |finally )?(?:moved|relocated)(?: back)?(?: (?:here|down|up|over|out))?(?: from (?<from>.+?))? to (?<to>.+?)(?: from (?<origin>.+))?$/,
  ({ from, to, origin }, said) => {
    const name = place(to)
    const left = place(from) ?? place(origin)
    const when = since(said)
    if (isAhead(said)) return []
    if (name === undefined) return tool(from, to, said)
    const leaving = left === undefined ? [] : [ends('lives in', left, when.validFrom ?? said.at)]
    return [...leaving, states('lives in', name, when)]
  },
)

/** "We moved from MySQL to Postgres". */
function tool(from: string | undefined, to: string | undefined, said: Said): Found[] {
  const name = cutObject(to ?? '')
  if (!isSoftware(name)) return []
  const when = since(said)
  const old = from === undefined ? '' : cutObject(from)
  return [...(old === '' ? [] : [ends('uses', old, when.validFrom ?? said.at)]), states('uses', name, when)]
}

const movedAway = rule(
  /^(?:have |has )?(?:moved|relocated) (?:here )?from (?<from>.+)$/,
  ({ from }, said) => {
    const name = place(from)
    return name === undefined || / to \p{L}/u.test(said.rest) || isAhead(said)
      ? []
      : [ends('lives in', name, since(said).validFrom ?? said.at)]
  },
)

const leftPlace = rule(
  /^(?:no longer lives? in|(?:do|does) not live in|used to live in|moved (?:out of|away from)) (?<place>.+)$/,
  ({ place: text }, said) => {
    const name = place(text)
    return name === undefined ? [] : [ends('lives in', name, since(said).validFrom ?? said.at)]
  },
)

const from = rule(
  /^(?:(?:am|is|are) (?:originally )?from|comes? from|(?:am|is|are) originally from) (?<place>.+)$/,
  ({ place: text }) => {
    const name = place(text)
    return name === undefined ? [] : [states('is from', name)]
  },
)

/** A name, or "a hospital": an unnamed employer may be the named one, so it ends nothing. */
function employer(
  text: string | undefined,
): { readonly name: string; readonly single?: boolean } | undefined {
  const name = properName(text ?? '')
  if (name !== undefined) return { name }
  const noun = cutObject(text ?? '')
  const isPlain =
    /^an? (?:\p{Ll}[\p{Ll}-]+ ){0,2}(?:hospital|school|bank|university|company|startup|firm|restaurant|cafe|café|bakery|shelter|clinic|store|shop|library|law firm|agency|studio|factory|museum|hotel|nonprofit|non-profit|bookstore|gym|lab|salon|farm|charity|daycare|kindergarten|pharmacy|newspaper)$/u
  return isPlain.test(noun) ? { name: noun, single: false } : undefined
}

const works = rule(
  /^(?:works?|(?:am|is|are) working|(?:have|has) (?:worked|been working)) (?:at|for) (?<at>.+)$/,
  ({ at }, said) => {
    const found = employer(at)
    const perfect = /^(?:have|has)\b/.test(said.rest)
    const from = { ...since(said), ...sinceFor(said) }
    if (found === undefined || isAhead(said) || (perfect && from.validFrom === undefined)) return []
    return [
      states('works at', found.name, { ...from, ...(found.single === false && { single: false }) }),
      ...asWhat(at),
    ]
  },
)

/** "… at Acme as a nurse". */
function asWhat(text: string | undefined): Found[] {
  const job = / as (?:an?|the) (?<job>.+)$/.exec(text ?? '')?.groups?.['job']
  const name = job === undefined ? undefined : jobName(job)
  return name === undefined ? [] : [states('works as', name)]
}

const starts = rule(
  /^(?:have |has )?(?:just |recently )?(?:started (?:working|(?:a|my) (?:new )?job)|got (?:a|my) (?:new )?job|got hired|landed a (?:new )?job) (?:at|for|with|by) (?<at>.+)$/,
  ({ at }, said) => {
    const found = employer(at)
    return found === undefined || isAhead(said)
      ? []
      : [
          states('works at', found.name, {
            ...since(said),
            ...(found.single === false && { single: false }),
          }),
          ...asWhat(at),
        ]
  },
)

/** "Software engineer": up to three words before one that names a job. */
function jobName(text: string): string | undefined {
  const words = text.split(/\s+/).slice(0, 5)
  for (const [index, word] of words.entries()) {
    const bare = word.replace(/[.,;:!)]+$/, '')
    if (
      !/^[\p{L}-]+$/u.test(bare) ||
      /^(?:at|for|in|of|and|or|who|but|with|than|the|as|such|great|good|real|bad|born|terrible|better|big|little|huge)$/i.test(
        bare,
      )
    )
      return undefined
    const next = words[index + 1] ?? ''
    if (
      JOBS.has(bare.toLowerCase()) &&
      !(bare === word && JOBS.has(next.replace(/[.,;:!)]+$/, '').toLowerCase()))
    )
      return words
        .slice(0, index + 1)
        .join(' ')
        .replace(/[.,;:!)]+$/, '')
    if (bare !== word) return undefined
  }
  return undefined
}

const isJob = rule(
  /^(?:(?:am|is|are) an? (?<is>.+)|works? as (?:an? |the )?(?<as>.+)|(?:am|is|are) working as (?:an? |the )?(?<now>.+)|(?:have|has) been (?:working as )?an? (?<been>.+))$/,
  ({ is, as, now, been }, said) => {
    const text = is ?? as ?? now ?? been ?? ''
    const name = jobName(text)
    if (name === undefined || isAhead(said)) return []
    const after = text.slice(name.length).trim()
    if (
      !/^(?:$|[.,;:!)]|at |for (?:an? |the )?\p{Lu}|in |by |and |now|here|with |who |currently|working |on |for (?:(?:about|over|almost|nearly|the past|the last) )?(?:an? )?[a-z0-9]+ (?:month|year|decade)s?)/u.test(
        after,
      )
    )
      return []
    if (been !== undefined && since(said).validFrom === undefined && sinceFor(said).validFrom === undefined)
      return []
    const where = /^(?:at|for) (?<at>.+)$/.exec(after)?.groups?.['at']
    const found = employer(where)
    const when = { ...since(said), ...sinceFor(said) }
    return [
      states('works as', name, when),
      ...(found === undefined
        ? []
        : [states('works at', found.name, found.single === false ? { ...when, single: false } : when)]),
    ]
  },
)

const leftWork = rule(
  /^(?:no longer works? (?:at|for)|(?:do|does) not work (?:at|for)|(?:have |has )?(?:stopped working (?:at|for)|(?:quit|lost) (?:my|his|her|their) job (?:at|with)|left (?:my|his|her|their) job (?:at|with)|resigned from|got fired from|used to work (?:at|for))|was (?:fired|laid off|let go) (?:from|by)|(?:was|got) laid off (?:from|by)) (?<at>.+)$/,
  ({ at }, said) => {
    const found = properName(at ?? '')
    return found === undefined ? [] : [ends('works at', found, since(said).validFrom ?? said.at)]
  },
)

const lostJob = rule(
  /^(?:have |has )?(?:just |recently )?(?:quit|lost|left) (?:my|his|her|their) job(?: (?:as an? (?<as>.+)))?(?=$|[\s.,;:!])/,
  ({ as }, said) => {
    const when = since(said).validFrom ?? said.at
    const name = as === undefined ? undefined : jobName(as)
    if (/ (?:at|with) /.test(said.rest)) return []
    return [ends('works at', undefined, when), ends('works as', name, when)]
  },
)

const notJob = rule(/^(?:am|is|are) (?:no longer|not) an? (?<job>.+?)(?: any ?more)?$/, ({ job }, said) => {
  const name = jobName(job ?? '')
  return name === undefined ? [] : [ends('works as', name, since(said).validFrom ?? said.at)]
})

const studies = rule(
  /^(?:stud(?:y|ies)|(?:am|is|are) studying|(?:am|is|are) majoring in|majors? in) (?<what>.+)$/,
  ({ what }, said) => {
    const text = what ?? ''
    const school = /(?:^|\s)at (?<at>.+)$/.exec(text)?.groups?.['at']
    const name = properName(school ?? '')
    const field = cutObject(text.replace(/(?:^|\s+)at .+$/, ''))
    const isField =
      /^(?:\p{L}[\p{L}-]+)(?: (?:and )?\p{L}[\p{L}-]+){0,2}$/u.test(field) &&
      !/^(?:for|hard|in|at|with|abroad|how|to|the|my|a|an|it|this|that)\b/.test(field)
    if (isAhead(said)) return []
    return [
      ...(isField && !LANGUAGES.has(field) ? [states('studies', field, since(said))] : []),
      ...(name === undefined ? [] : [states('studies at', name, since(said))]),
    ].filter(found => found.is === 'statement' && wordCount(found.object) <= 5)
  },
)

export const PLACE_AND_WORK: readonly Rule[] = [
  lives,
  hasLived,
  livedOnce,
  moved,
  movedAway,
  leftPlace,
  from,
  works,
  starts,
  isJob,
  leftWork,
  lostJob,
  notJob,
  studies,
]
