/**
 * The nouns whose value is worth keeping, as in "my doctor is …" or "the budget of Heron is …", with the shape a value
 * of theirs has. What is not in the table is not read from these forms, except between two names. Read by
 * `attributes.ts` and `changes.ts`.
 */
import type { Shape } from './values.ts'

export interface AttributeNoun {
  readonly predicate: string
  readonly shapes: readonly Shape[]
  /** "Our router" is the speaker's; "our database" is not a person's. */
  readonly personal: boolean
}

const PERSONAL: readonly (readonly [shapes: readonly Shape[], nouns: string])[] = [
  [
    ['name'],
    'car|laptop|computer|tablet|router|modem|printer|camera|television|console|headset|keyboard|monitor|bike|motorbike|watch|bank|gym|insurer|insurance|insurance company|mobile provider|phone provider|internet provider|carrier|plan|tariff|subscription|membership|package|employer|university|college|school|nickname|username|browser|airline|hometown|home|phone|mobile phone|smartphone|cell phone|handset|pension fund|hotel|car model',
  ],
  [
    ['person'],
    'doctor|gp|dentist|therapist|vet|physiotherapist|physio|lawyer|solicitor|accountant|trainer|coach|teacher|tutor|boss|landlord|landlady|roommate|flatmate|housemate|contact|contact person|emergency contact|hairdresser|mentor|supervisor|line manager|gynaecologist|psychologist|advisor|adviser|cleaner|childminder|nanny',
  ],
  [
    ['amount'],
    'rent|salary|income|mortgage|allowance|shoe size|weight|height|bandwidth|speed|pension|pocket money|hourly rate',
  ],
  [
    ['time'],
    'anniversary|interview|appointment|class|lesson|lessons|classes|shift|exam|flight|surgery|wedding|training|practice|rehearsal|session|day off|graduation|due date|move-in date|start date|moving day|bedtime|best time',
  ],
  [['words', 'name'], 'payment method|method of payment'],
  [['words'], 'diet|hobby|profession|occupation|medication|major|blood type|allergy'],
  [['language', 'name'], 'course|evening course|native language|mother tongue|first language'],
  [['words', 'name'], 'instrument|sport'],
  [['address'], 'address|home address|postal address|shipping address|delivery address|billing address'],
  [['email'], 'email|e-mail|mail|email address|e-mail address|mail address'],
]

const OF_A_PROJECT: typeof PERSONAL = [
  [
    ['name'],
    'database|db|hosting|host|hosting provider|cloud|cloud provider|ci|ci system|ci server|pipeline|build server|framework|language|stack|frontend|front end|backend|back end|issue tracker|tracker|wiki|chat|repo|repository|licence|license|payment provider|payment processor|payments|registry|queue|message queue|broker|cache|cdn|crm|dns|monitoring|logging|vendor|supplier|client|codename|code name|region|venue|location|domain|text editor|ide|operating system|search engine|orm|bundler|linter|package manager|cms|default model|model|office|headquarters|storage',
  ],
  [
    ['person'],
    'owner|product owner|lead|tech lead|team lead|team leader|project lead|design lead|manager|project manager|product manager|account manager|tester|designer|reviewer|maintainer|architect|scrum master|sponsor|on-call|cto|ceo|cfo|coo|director|chair|chairman|chairwoman|coordinator|qa lead|spokesperson|treasurer|captain|point person|contact|contact person|release manager|editor in chief',
  ],
  [
    ['amount'],
    'budget|price|limit|quota|timeout|version|fee|rate|threshold|coverage|coverage threshold|test coverage|capacity|discount|target|cost|cap|retention|port|headcount|velocity|rate limit|ceiling|minimum|maximum|team size|minimum age',
  ],
  [
    ['time'],
    'deadline|due date|release|release date|launch|launch date|go-live|go-live date|ship date|kick-off|kickoff|stand-up|standup|daily stand-up|daily|meeting|weekly|retro|retrospective|demo|review|planning|sync|workshop|delivery|milestone|freeze|code freeze|feature freeze|cutover|hearing|party|ceremony|conference|presentation|all-hands|sprint review|opening|closing|start|start date|end date',
  ],
]

/** Several names of one attribute, so that a change is seen whatever it is called. */
const ALIASES: ReadonlyMap<string, string> = new Map(
  [
    'release date=release|launch|launch date|go-live|go-live date|ship date',
    'deadline=due date',
    'database=db|data',
    'hosting=host|hosting provider|cloud|cloud provider',
    'CI=ci|ci system|ci server|build server|pipeline|builds|build',
    'payment provider=payments|payment processor',
    'licence=license',
    'stand-up=standup|daily stand-up|daily|daily standup',
    'coverage=coverage threshold|test coverage|code coverage',
    'CTO=cto',
    'CEO=ceo',
    'CFO=cfo',
    'COO=coo',
    'codename=code name',
    'kick-off=kickoff',
    'retrospective=retro',
    'lead=team lead|team leader|project lead',
    'works at=employer',
    'lives in=home',
    'phone model=phone|mobile phone|smartphone|cell phone|handset|mobile',
    'doctor=gp',
    'email=e-mail|mail|email address|e-mail address|mail address',
    'address=home address|postal address',
    'payment method=method of payment|payment',
    'is learning=course|evening course',
    'speaks=native language|mother tongue|first language',
    'car=car model',
    'physiotherapist=physio',
  ].flatMap(line => {
    const [predicate = '', names = ''] = line.split('=')
    return names.split('|').map(name => [name, predicate] as const)
  }),
)

const entries = (groups: typeof PERSONAL, personal: boolean): (readonly [string, AttributeNoun])[] =>
  groups.flatMap(([shapes, nouns]) =>
    nouns.split('|').map(noun => [noun, { predicate: ALIASES.get(noun) ?? noun, shapes, personal }] as const),
  )

const OF_PEOPLE: ReadonlyMap<string, AttributeNoun> = new Map(entries(PERSONAL, true))
const OF_PROJECTS: ReadonlyMap<string, AttributeNoun> = new Map(entries(OF_A_PROJECT, false))

/** What no longer is, or what is only wished for, is no attribute of now. */
const NOT_NOW =
  /^(?:old|former|previous|ex|last|first|next|favou?rite|fave|best|worst|dream|ideal|other|whole|only|biggest|childhood|own|original|rental)$/
const FRESH = /^(?:(?:new|current|latest|main|primary|personal|work|official|actual|present|usual|regular) )+/
const SESSION = /^(?<what>[\p{L}-]+(?: [\p{L}-]+)?) (?:class|classes|lessons?|sessions?|training|practice)$/u

/** The attribute that a noun phrase without article names, of a person or of anything else. */
export function attributeNoun(phrase: string, isOfPerson: boolean): AttributeNoun | undefined {
  const lower = phrase.toLowerCase().replace(FRESH, '')
  const words = lower.split(' ')
  if (words.length > 3 || (words.some(word => NOT_NOW.test(word)) && lower !== 'best time')) return undefined
  const tables = isOfPerson ? [OF_PEOPLE, OF_PROJECTS] : [OF_PROJECTS, OF_PEOPLE]
  for (const table of tables) {
    const whole = table.get(lower)
    if (whole !== undefined) return whole
  }
  const activity = SESSION.exec(lower)?.groups?.['what']
  for (const table of tables) {
    const head = table.get(words.slice(-2).join(' ')) ?? table.get(words.at(-1) ?? '')
    if (head !== undefined) return { ...head, predicate: activity ?? (ALIASES.get(lower) || lower) }
  }
  return undefined
}

/** The predicate of a noun that may be in no table. */
export const predicateOf = (noun: string): string => ALIASES.get(noun.toLowerCase()) ?? noun.toLowerCase()
