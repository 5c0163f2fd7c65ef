/**
 * Letters that were put aside because this version could not read them, among the records of their partition, where the
 * next owner finds them. `receiving.ts` fills it and takes out what it can read by now; `letter-operations.ts` shows it
 * to people. It reads no letter itself.
 *
 * A letter of a later version still says who it is from and what its id is: what keeps its name and meaning in every
 * version is little and fixed, as in RFC 8999 (version-independent properties of QUIC). By that later letters of the
 * same sender are known, which wait behind it.
 */
import { createHash } from 'node:crypto'
import { RuntimeError } from '../../../actors/errors.ts'
import type { Records } from '../../../actors/journal.ts'
import type { Plain } from '../../../actors/plain.ts'
import type { Letter } from '../broker.ts'

/** Kind of the records. */
export const PARKED = 'parked'

/** What a letter of any version says of itself. Either may be absent: then nothing waits behind it. */
export interface Outside {
  readonly from?: string
  /** The id of its message. */
  readonly message?: string
}

export interface ParkedLetter extends Outside {
  /** Of this letter, however often it comes. */
  readonly id: string
  /** Wall clock, ms. */
  readonly at: number
  readonly subject: string
  readonly why: string
  readonly bytes: number
}

/** `waiting` holds up what its sender sends later · `malformed` does not · `released` was handed over, and is not taken yet. */
type State = 'waiting' | 'malformed' | 'released'

interface Row extends ParkedLetter {
  /** The order in which they came. */
  readonly n: number
  readonly state: State
}

/** Beyond that letters stay in their mailboxes, which are bounded. */
const MAX_LETTERS = 10_000
const MAX_BYTES = 64 * 1024 * 1024

type Fields = Readonly<Record<string, unknown>>

export class Parked {
  readonly #records: Records
  readonly #rows = new Map<string, Row>()
  /** What waits, by sender and mailbox. */
  readonly #waiting = new Map<string, Set<Row>>()
  #bytes = 0
  #last = 0
  #loaded: Promise<void> | undefined
  #look: (pair: string) => Promise<void> = async () => {}
  #report: (error: unknown) => void = () => {}

  constructor(records: Records) {
    this.#records = records
  }

  /** Reads what earlier owners left. Throws `store-failed`; may be called again. */
  load(): Promise<void> {
    this.#loaded ??= this.#load().catch(error => {
      this.#loaded = undefined
      throw error
    })
    return this.#loaded
  }

  /** Whoever hands letters over: `look` takes out what can be read of a pair, from the first one on. */
  handedOverBy(look: (pair: string) => Promise<void>, report: (error: unknown) => void): void {
    this.#look = look
    this.#report = report
  }

  /** Oldest first; without what was handed over. */
  list(): readonly ParkedLetter[] {
    return [...this.#rows.values()]
      .filter(({ state }) => state !== 'released')
      .sort(byOrder)
      .map(({ n: _, state: __, ...letter }) => letter)
  }

  /** The pairs of sender and mailbox of which something waits. */
  pairs(): readonly string[] {
    return [...this.#waiting.keys()]
  }

  /** What waits of a pair and came first. */
  first(pair: string): string | undefined {
    return [...(this.#waiting.get(pair) ?? [])].sort(byOrder)[0]?.id
  }

  isWaiting(id: string): boolean {
    return this.#rows.get(id)?.state === 'waiting'
  }

  /** Whether something of that sender waits in that mailbox, and this is not what was just handed over from there. */
  isBehind(letter: Pick<Letter, 'subject' | 'data'>, outside: Outside): boolean {
    if (!this.#waiting.has(pairOf({ ...letter, ...outside }))) return false
    return this.#rows.get(identity(letter, outside))?.state !== 'released'
  }

  /**
   * Puts a letter aside, in place of an earlier copy of the same message. Resolves when it is stored: then it may go
   * from its mailbox. Throws `mailbox-full`, `store-failed`.
   */
  async add(
    letter: Pick<Letter, 'subject' | 'data'>,
    more: Outside & Pick<ParkedLetter, 'at' | 'why'>,
  ): Promise<void> {
    const { subject, data } = letter
    const id = identity(letter, more)
    const before = this.#rows.get(id)
    if (!before && (this.#rows.size >= MAX_LETTERS || this.#bytes + data.length > MAX_BYTES))
      throw full(subject)
    const n = before?.n ?? ++this.#last
    // At once: what comes behind it may come before it is stored.
    this.#drop(id)
    this.#keep({ id, n, subject, bytes: data.length, state: 'waiting', ...more })
    try {
      await this.#records.put(PARKED, id, { n, subject, data, ...more } as unknown as Plain, { sync: true })
    } catch (error) {
      this.#drop(id)
      if (before) this.#keep(before)
      throw error
    }
  }

  /** The letter itself; undefined while it is not stored yet, and when it is gone. */
  async letter(id: string): Promise<Pick<Letter, 'subject' | 'data'> | undefined> {
    const { subject, data } = Object(await this.#records.get(PARKED, id)) as Fields
    return typeof subject === 'string' && data instanceof Uint8Array ? { subject, data } : undefined
  }

  mark(id: string, state: State): void {
    const row = this.#rows.get(id)
    if (!row) return
    this.#drop(id)
    this.#keep({ ...row, state })
  }

  /** For good, if it is there. What waited behind it is looked at again. Whether it was. Throws `store-failed`. */
  async remove(id: string): Promise<boolean> {
    const row = this.#rows.get(id)
    if (!row) return false
    await this.#records.remove(PARKED, id)
    this.#drop(id)
    if (row.state === 'waiting') this.#look(pairOf(row)).catch(this.#report)
    return true
  }

  /** Looks again at what waits of a sender in a mailbox. */
  look(subject: string, outside: Outside): Promise<void> {
    return this.#look(pairOf({ subject, ...outside }))
  }

  /** Looks again whether a letter can be read, and what it waits behind. Whether it is on its way now. */
  async retry(id: string): Promise<boolean> {
    const row = this.#rows.get(id)
    if (!row) return true
    if (row.state === 'malformed') this.mark(id, 'waiting')
    await this.#look(pairOf(row))
    const state = this.#rows.get(id)?.state
    return state === undefined || state === 'released'
  }

  async #load(): Promise<void> {
    const found: Row[] = []
    for await (const [id, record] of this.#records.list(PARKED)) {
      const { n, at, subject, data, why, from, message } = Object(record) as Fields
      if (typeof subject !== 'string' || !(data instanceof Uint8Array)) continue
      found.push({
        ...{ id, subject, bytes: data.length, state: 'waiting' },
        n: typeof n === 'number' ? n : 0,
        at: typeof at === 'number' ? at : 0,
        why: typeof why === 'string' ? why : '',
        ...(typeof from === 'string' && { from }),
        ...(typeof message === 'string' && { message }),
      })
    }
    for (const row of found.sort(byOrder)) {
      this.#keep(row)
      this.#last = row.n
    }
  }

  #keep(row: Row): void {
    this.#rows.set(row.id, row)
    this.#bytes += row.bytes
    if (row.state !== 'waiting') return
    const pair = pairOf(row)
    const waiting = this.#waiting.get(pair)
    if (waiting) waiting.add(row)
    else this.#waiting.set(pair, new Set([row]))
  }

  #drop(id: string): void {
    const row = this.#rows.get(id)
    if (!row) return
    this.#rows.delete(id)
    this.#bytes -= row.bytes
    const pair = pairOf(row)
    const waiting = this.#waiting.get(pair)
    if (waiting?.delete(row) && waiting.size === 0) this.#waiting.delete(pair)
  }
}

const byOrder = (a: Row, b: Row): number => a.n - b.n || a.at - b.at

/** One that does not say who it is from is behind nothing, and nothing is behind it. */
const pairOf = (letter: Pick<ParkedLetter, 'subject' | 'from'> & { readonly id?: string }): string =>
  letter.from === undefined ? `${letter.subject} # ${letter.id ?? ''}` : `${letter.subject} ${letter.from}`

/** A message that is sent again is another letter, with the same id. */
function identity({ subject, data }: Pick<Letter, 'subject' | 'data'>, { from, message }: Outside): string {
  const hash = createHash('sha256').update(subject).update('\n')
  if (from !== undefined && message !== undefined) hash.update(`${from}\n${message}`)
  else hash.update(data)
  return hash.digest('hex').slice(0, 32)
}

const full = (subject: string): RuntimeError =>
  new RuntimeError(
    'mailbox-full',
    `a letter in "${subject}" cannot be read, and there is no room to put it aside`,
    {
      why: `a partition puts at most ${MAX_LETTERS} letters aside, and ${MAX_BYTES / 1024 / 1024} MiB`,
      fix: 'start nodes of the version that wrote them, or look: agenticraft dead ls --nats URL',
      details: { subject },
    },
  )
