/**
 * Conversations and questions in the format of LoCoMo (Maharana et al., ACL 2024): a JSON file that the user of
 * `memory-recall` names with `--data`, as its licence keeps it out of this repository. Cleans it: ids of evidence that
 * are malformed are split and repaired, questions left without evidence are dropped. Does not search.
 */
import { readFileSync } from 'node:fs'
import { Unavailable } from '../scenario.ts'

/** The environment variable in which `main.ts` hands the file of `--data` to the processes. */
export const DATA_VARIABLE = 'AGENTICRAFT_BENCH_DATA'

export interface Turn {
  readonly who: string
  /** With the caption of a shared photo. */
  readonly text: string
  /** Absolute ms: the session's date, and a second for each turn. */
  readonly at: number
  /** Place in the conversation of the first turn of its session. */
  readonly session: number
}

/** 1 multi-hop, 2 temporal, 3 open-domain, 4 single-hop, 5 adversarial. */
export type Category = 1 | 2 | 3 | 4 | 5

export interface Question {
  readonly text: string
  /** Places in the conversation, at least one. */
  readonly evidence: readonly number[]
  readonly category: Category
}

export interface Conversation {
  readonly name: string
  readonly speakers: readonly string[]
  readonly turns: readonly Turn[]
  readonly questions: readonly Question[]
}

/** One element of the file. */
export interface RawConversation {
  readonly sample_id: string
  /** `speaker_a`, `speaker_b`, and for each session its turns and its date. */
  readonly conversation: Readonly<Record<string, string | readonly RawTurn[]>>
  readonly qa: readonly {
    readonly question: string
    readonly evidence?: unknown
    readonly category: number
  }[]
}

interface RawTurn {
  readonly speaker: string
  readonly dia_id: string
  readonly text: string
  readonly blip_caption?: string
}

/** The conversations of the file that `--data` named. Throws `Unavailable` without one. */
export function givenConversations(): readonly Conversation[] {
  const file = process.env[DATA_VARIABLE]
  if (file === undefined || file === '')
    throw new Unavailable('needs --data FILE: conversations in the format of LoCoMo')
  return (JSON.parse(readFileSync(file, 'utf8')) as readonly RawConversation[]).map(cleaned)
}

export function cleaned({ sample_id: name, conversation, qa }: RawConversation): Conversation {
  const turns: Turn[] = []
  const places = new Map<string, number>()
  for (const session of sessionsOf(conversation)) {
    const first = turns.length
    for (const [nth, turn] of (conversation[session] as readonly RawTurn[]).entries()) {
      places.set(turn.dia_id, turns.length)
      const at = sessionTime(conversation[`${session}_date_time`]) + nth * 1_000
      turns.push({ who: turn.speaker, text: textOf(turn), at, session: first })
    }
  }
  const questions = qa.flatMap(({ question, evidence, category }): Question[] => {
    const found = evidenceOf(evidence, places)
    return found.length === 0 ? [] : [{ text: question, evidence: found, category: category as Category }]
  })
  const speakers = [conversation['speaker_a'], conversation['speaker_b']].map(String)
  return { name, speakers, turns, questions }
}

const sessionsOf = (conversation: RawConversation['conversation']): readonly string[] =>
  Object.keys(conversation)
    .filter(key => /^session_\d+$/.test(key))
    .sort((a, b) => Number(a.slice(8)) - Number(b.slice(8)))

const textOf = ({ text, blip_caption: caption }: RawTurn): string =>
  caption === undefined ? text : `${text} [shares a photo of ${caption}]`

/** "D8:6; D9:17" are two, "D:11:26" is D11:26, "D30:05" is D30:5, and "D" is none. */
function evidenceOf(evidence: unknown, places: ReadonlyMap<string, number>): readonly number[] {
  const ids = Array.isArray(evidence) ? evidence.map(String) : []
  const found = ids.flatMap(id =>
    Array.from(id.matchAll(/D:?(\d+):(\d+)/g), ([, session, turn]) =>
      places.get(`D${Number(session)}:${Number(turn)}`),
    ),
  )
  return [...new Set(found.filter(place => place !== undefined))]
}

const MONTHS = 'january february march april may june july august september october november december'.split(
  ' ',
)

/** "1:56 pm on 8 May, 2023" as UTC. */
export function sessionTime(written: unknown): number {
  const parts = /^(\d+):(\d+) (am|pm) on (\d+) (\w+), (\d+)$/i.exec(String(written))
  const month = MONTHS.indexOf(parts?.[5]?.toLowerCase() ?? '')
  if (!parts || month < 0) throw new RangeError(`"${written}" is no date of a session`)
  const hour = (Number(parts[1]) % 12) + (parts[3]?.toLowerCase() === 'pm' ? 12 : 0)
  return Date.UTC(Number(parts[6]), month, Number(parts[4]), hour, Number(parts[2]))
}
