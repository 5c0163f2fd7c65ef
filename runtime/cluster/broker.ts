/**
 * What a cluster needs of a broker that keeps messages: subjects that can be written once, mailboxes, and a word
 * when the broker has forgotten. Implemented over JetStream and, for simulations, in memory; both pass
 * `broker.conformance.ts`. It knows neither partitions' owners nor what is in a message.
 *
 * Only create-only writes are relied on: per-subject compare-and-set is broken on clusters before 2.11
 * (nats-server issue 4320), and de-duplication by message id does not survive a restart on work queues.
 *
 * Log subjects are `ac.<ns>.jrn.…` and `ac.<ns>.snp.…`, mailboxes `ac.<ns>.mbx.<partition>.<type>.<id>`; a method given
 * any other throws or rejects with `subject-invalid`. Every promise waits out disconnections up to the broker's own
 * limit and then rejects with `broker-unavailable`; after `close` with `transport-closed`.
 */
import type { Cancel } from '../../actors/clock.ts'
import type { Subscription } from '../transport/transport.ts'

/**
 * The largest message every broker takes: what NATS takes by default, less the room that subjects and headers may need.
 * Larger ones are refused with `codec-too-large`.
 */
export const MAX_STORED = 1024 * 1024 - 4 * 1024

/** One stored message. `seq`, at least 1, grows over all subjects of the log, in the order of storing. */
export interface Stored {
  readonly subject: string
  readonly seq: number
  /** The receiver's own copy. */
  readonly data: Uint8Array
}

/** A message in a mailbox, handed over until it is done. */
export interface Letter {
  /** `ac.<ns>.mbx.<partition>.<type>.<id>` */
  readonly subject: string
  readonly data: Uint8Array
  /**
   * Its receiver has it for good, or never will: it goes from the mailbox. May be called at any time, also after
   * `unsubscribe`; when the word is lost, the letter comes again to whoever collects next.
   */
  done(): void
}

export interface CollectOptions {
  /** Letters handed over and not yet done, at most. */
  readonly max: number
  /**
   * Told when somebody else collects there instead, without whoever unsubscribed. It may be one of the past, whose request
   * was on its way for long, and who collects no more by now.
   */
  readonly onTaken?: () => void
}

export interface Broker {
  /**
   * Writes `data` under a subject that has nothing yet. `created` when exactly these bytes are stored there now, also
   * by an earlier try; `taken` when something else is. After a `broker-unavailable` nobody knows whether it was stored,
   * or still will be: trying again tells. Also rejects with it when the log is full, and says `isFull` in its details.
   */
  create(subject: string, data: Uint8Array): Promise<'created' | 'taken'>
  /**
   * False while a message of so many bytes would take of the room that should be kept for what makes room. Nothing is
   * refused because of it. Absent: nobody knows before it is full.
   */
  hasRoom?(bytes: number): Promise<boolean>
  /** What is stored under exactly that subject. */
  get(subject: string): Promise<Stored | undefined>
  /** The newest message whose subject matches `pattern`. */
  last(pattern: string): Promise<Stored | undefined>
  /**
   * All that is stored under matching subjects when the reading begins, with a `seq` of at least `from`, oldest first;
   * less what is purged meanwhile.
   */
  read(pattern: string, from?: number): AsyncIterable<Stored>
  /** Deletes what matches and is stored now, up to but without the `seq` `before`. Their subjects are free again. */
  purge(pattern: string, before?: number): Promise<void>
  /**
   * Puts a message in a mailbox. Resolves when it is kept. `id` is of this message alone: trying again with it
   * within ten minutes keeps one copy, unless the broker was restarted. Rejects with `mailbox-full` when that mailbox, or
   * the room for all of them, is full.
   */
  post(subject: string, data: Uint8Array, id: string): Promise<void>
  /**
   * Hands over the letters in the mailboxes of a partition, in the order they were kept, each once, `max` of them not yet
   * done at most. Resolves when whoever collected there before, at this client or another, gets no more; what was not done
   * comes again, and after a crash of the broker also what was done shortly before. Survives reconnections and resets.
   * `take` must not throw.
   */
  collect(partition: number, take: (letter: Letter) => void, options: CollectOptions): Promise<Subscription>
  /**
   * Tells that the broker's store is another one than before (wiped, restored): what was acknowledged may be gone. Streams
   * are made anew before. After a reconnection no other call goes through before this is settled. What it returns ends
   * the telling.
   */
  onReset(listener: () => void): Cancel
  /** How full mailboxes are: messages by subject, for `ps`. */
  mailboxes(): Promise<ReadonlyMap<string, number>>
  /** Ends what is under way with `transport-closed`. The connection stays open: it belongs to whoever made it. */
  close(): Promise<void>
}
