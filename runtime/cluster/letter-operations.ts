/**
 * What every partition answers about letters that nobody took: dead ones, and those put aside because nobody who served
 * the partition could read them. `client/letters.ts` asks. Each may be asked twice: what is gone by then is told as gone.
 */
import type { DeadLetter } from '../../actors/dead-letters.ts'
import { RuntimeError, type WireError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import { createCodec } from '../codec.ts'
import type { Operations, Served } from './partition-host.ts'
import type { ParkedLetter } from './post/parked.ts'

/** A letter as a row of a list. */
export interface LetterRow {
  readonly kind: 'dead' | 'parked'
  readonly id: string
  /** Wall clock of the node, ms. */
  readonly at: number
  readonly to: string
  readonly from?: string
  readonly type?: string
  readonly run?: string
  readonly why: string
  /** Of the error, when it is dead. */
  readonly code?: string
}

export interface ShownLetter extends LetterRow {
  /** The message, or what can be read of it. */
  readonly content?: Plain
  readonly error?: WireError
}

/** As many as fit in the smallest message that a codec takes. */
const AT_ONCE = 150
const MAX_WHY = 300
/** A letter may be as large as the broker takes. */
const MAX_BYTES = 1024 * 1024

export function letterOperations({ runtime, parked }: Pick<Served, 'runtime' | 'parked'>): Operations {
  const rows = async (): Promise<readonly LetterRow[]> => {
    await parked.load()
    return [...runtime.deadLetters().map(deadRow), ...parked.list().map(parkedRow)].sort(
      (a, b) => a.at - b.at,
    )
  }
  const isParked = async (id: string): Promise<boolean> => {
    await parked.load()
    return parked.list().some(letter => letter.id === id)
  }
  const deadOf = (id: string): DeadLetter | undefined =>
    runtime.deadLetters().find(({ envelope }) => envelope.id === id)

  return {
    letters: async body => {
      const all = await rows()
      const { from } = Object(body) as { readonly from?: unknown }
      const at = Number.isSafeInteger(from) ? (from as number) : 0
      return { letters: all.slice(at, at + AT_ONCE), total: all.length } as unknown as Plain
    },
    letter: async body => {
      const id = idOf(body)
      const dead = deadOf(id)
      if (dead) {
        const { envelope: content, error } = dead
        return { ...deadRow(dead), content, error } as unknown as Plain
      }
      const row = (await rows()).find(letter => letter.id === id)
      const letter = await parked.letter(id)
      if (!row || !letter) throw unknown(id)
      return { ...row, ...contentOf(letter.data) } as unknown as Plain
    },
    'letter.retry': async body => {
      const id = idOf(body)
      if (await isParked(id)) {
        if (!(await parked.retry(id))) throw stillUnread(id, parked.list().find(one => one.id === id)?.why)
      } else if (deadOf(id)) await runtime.retryDeadLetter(id)
      else throw unknown(id)
      return null
    },
    'letter.drop': async body => {
      const id = idOf(body)
      if (await isParked(id)) await parked.remove(id)
      else if (deadOf(id)) await runtime.dropDeadLetter(id)
      else throw unknown(id)
      return null
    },
  }
}

const deadRow = ({ at, envelope, error }: DeadLetter): LetterRow => {
  const { id, to, from, type, run } = envelope
  const why = `${error.message}${error.why === undefined ? '' : `: ${error.why}`}`.slice(0, MAX_WHY)
  const known = { ...(from !== undefined && { from }), ...(run !== undefined && { run }) }
  return { kind: 'dead', id, at, to, type, why, code: error.code, ...known }
}

const parkedRow = ({ id, at, subject, from, why }: ParkedLetter): LetterRow => ({
  ...{ kind: 'parked', id, at, to: receiverOf(subject), why: why.slice(0, MAX_WHY) },
  ...(from !== undefined && { from }),
})

/** Whose mailbox it is: `ac.<ns>.mbx.<partition>.<type>.<id>`. */
const receiverOf = (subject: string): string => {
  const [type = '', id = ''] = subject.split('.').slice(-2)
  return `${type}/${id}`
}

function contentOf(data: Uint8Array): Pick<ShownLetter, 'content'> {
  try {
    return { content: createCodec({ maxBytes: MAX_BYTES }).decode(data) }
  } catch {
    // Also what cannot be decoded was put aside: there is nothing to show of it.
    return {}
  }
}

function idOf(body: Plain): string {
  const { id } = Object(body) as { readonly id?: unknown }
  if (typeof id === 'string') return id
  throw new RuntimeError('usage', 'a request lacks the id of a letter')
}

const unknown = (id: string): RuntimeError =>
  new RuntimeError('dead-letter-unknown', `there is no letter "${id.slice(0, 80)}"`, {
    why: 'it was delivered, sent again or dropped already, or never was one',
    fix: 'agenticraft dead ls --nats URL lists them',
  })

const stillUnread = (id: string, why = ''): RuntimeError =>
  new RuntimeError('envelope-invalid', `letter "${id}" cannot be delivered yet`, {
    ...(why !== '' && { why }),
    fix: 'start nodes of the version that wrote it and drain the others: they deliver it by themselves',
  })
