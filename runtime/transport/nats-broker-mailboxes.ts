/**
 * The mailbox half of the broker over NATS: posting, and how full they are. Collecting from it is in
 * `nats-broker-collect.ts`.
 */
import { headers } from 'nats'
import type { Broker } from '../cluster/broker.ts'
import type { Line } from './nats-broker-line.ts'
import { API, full, mailboxFull, tooLarge, unexpected } from './nats-broker-refusals.ts'
import { checkMailbox, checkStored, mailboxStream } from './nats-streams.ts'
import { countBySubject, type SubjectPage } from './nats-subject-counts.ts'

export function createMailboxes(
  line: Line,
  namespace: string,
  confirmed: (seq: number) => void,
): Pick<Broker, 'post' | 'mailboxes'> {
  const stream = mailboxStream(namespace)
  return {
    async post(subject, data, id) {
      checkMailbox(namespace, subject)
      // Tried again, it must be what it was.
      const body = checkStored(data).slice()
      const what = `the letter to ${subject}`
      const named = headers()
      named.set('Nats-Msg-Id', id)
      const { error, seq } = await line.ask<{ seq: number }>({ subject, body, headers: named, what })
      if (error?.err_code === API.notStored) throw mailboxFull(subject, error)
      if (error?.err_code === API.tooLarge) throw tooLarge(data.length)
      if (error !== undefined)
        throw NO_ROOM.includes(error.err_code) ? full(what, error) : unexpected(what, error)
      if (seq !== undefined) confirmed(seq)
    },
    mailboxes: () => countBySubject(offset => pageOf(line, stream, `ac.${namespace}.mbx.>`, offset)),
  }
}

const NO_ROOM: readonly (number | undefined)[] = [API.accountFull, API.lackOfMemoryOrDisk, API.lackOfDisk]

/** Of the stream's own count, which its leader has. */
async function pageOf(line: Line, stream: string, filter: string, offset: number): Promise<SubjectPage> {
  const what = 'the count of the mailboxes'
  const { error, ...page } = await line.ask<SubjectPage>({
    subject: `$JS.API.STREAM.INFO.${stream}`,
    body: new TextEncoder().encode(JSON.stringify({ subjects_filter: filter, offset })),
    what,
  })
  if (error !== undefined) throw unexpected(what, error)
  return page as SubjectPage
}
