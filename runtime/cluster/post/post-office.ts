/**
 * Post between partitions: a message is kept by its sender until its receiver has committed it and said so, and by the
 * broker in between, so that it survives a crash of either side and a broker that forgets. Given to a runtime as its
 * `post`; a partition is one runtime. `sending.ts` and `receiving.ts` are its two sides, `receipts.ts` is
 * what they tell each other. It decides nothing about actors: `runtime/node.ts` does.
 *
 * The end-to-end argument is of Saltzer, Reed and Clark, "End-to-end arguments in system design" (1984): a broker's
 * acknowledgement says nothing about the receiver, so the receipt comes from there.
 */
import type { Cancel } from '../../../actors/clock.ts'
import type { Envelope } from '../../../actors/envelope.ts'
import { toRuntimeError } from '../../../actors/errors.ts'
import { checkedPositive } from '../../../actors/policies/checked.ts'
import type { Subscription } from '../../transport/transport.ts'
import type { Broker } from '../broker.ts'
import { partitionOf } from '../placement.ts'
import { answersOf, isNode } from './letter.ts'
import { Parked } from './parked.ts'
import type { OpenPost, Post, PostNode } from './post.ts'
import { type Receipt, Receipts } from './receipts.ts'
import { Receiving } from './receiving.ts'
import { Sending } from './sending.ts'

export interface PostOfficeOptions {
  readonly partition: number
  readonly broker: Broker
  /**
   * How long a message waits for its receipt until it is posted again, ms. Default 30 seconds. An ask that is worked on
   * is posted again after twenty times that, for the case that its answer was lost.
   */
  readonly resendMs?: number
  /** Letters that are handed over and not yet done, at most, and as many answers. Default 4,096. */
  readonly max?: number
  /** Nothing is handed over before this settles: for actors that a program has to start first. Default: once the runtime is ready. */
  readonly after?: Promise<unknown>
  /** What is put aside, for whoever wants to see it. Default: its own, on the journal's records. */
  readonly parked?: Parked
  /** Asked when somebody else collects the letters: whether they are this node's to collect. Default: they are. */
  readonly isOwner?: () => Promise<boolean>
}

const RESEND_MS = 30_000
const MAX_IN_HAND = 4_096
const FIRST_PAUSE_MS = 200
const MAX_PAUSE_MS = 5_000
const REGAIN_MS = 1_000

/** The post of one partition, for `createRuntime({ post })`. Throws `definition-invalid`. */
export function postOffice(options: PostOfficeOptions): OpenPost {
  const { partition, broker, resendMs = RESEND_MS, max = MAX_IN_HAND } = options
  checkedPositive('resendMs', resendMs)
  checkedPositive('max', max)
  return node => {
    const whereIs = ({ at, to }: Envelope): number => at ?? partitionOf(to)
    const receipt = (home: number, one: Receipt): void => receipts.add(home, one)
    const sending = new Sending({ node, broker, partition, partitionOf: whereIs, resendMs })
    const parked = options.parked ?? new Parked(node.journal.records)
    const receiving = new Receiving({ node, partition, parked, receipt })
    const received = (one: Receipt): void => {
      const [sender, key] = one
      sending.received(one)
      if (sender) node.received(sender, key)
    }
    const receipts = new Receipts({ node, partition, received })
    const collecting = collector(node, { ...options, max }, receiving)
    const stopListening = broker.onReset(() => sending.postAgain())

    return {
      isElsewhere: envelope => !isNode(envelope.to) && whereIs(envelope) !== partition,
      send: envelope => node.whenStored(() => sending.send(envelope)),
      took: (envelope, refusal) =>
        receiving.took(envelope, refusal && (finish => sending.send(refusal, finish))),
      receipt(sender, key) {
        if (key.startsWith(ANSWER)) sending.over(key.slice(ANSWER.length))
        receiving.receipt(sender, key, isNode(sender) ? partition : partitionOf(sender))
      },
      over: ask => sending.over(ask),
      roomFor: actor => receiving.roomFor(actor),
      again: actor => receiving.again(actor),
      open() {
        if (options.after) options.after.then(collecting.open, collecting.open)
        else collecting.open()
      },
      close() {
        stopListening()
        collecting.close()
        sending.close()
        receiving.close()
        receipts.close()
      },
    } satisfies Post
  }
}

/** What the key of an answer begins with; the rest is the ask. */
const ANSWER = 're:'

/** Collects what is in the mailboxes of a partition, trying until the broker is there. */
function collector(
  node: PostNode,
  { broker, partition, max, isOwner = async () => true }: PostOfficeOptions & { readonly max: number },
  receiving: Pick<Receiving, 'take' | 'recover'>,
): { readonly open: () => void; readonly close: () => void } {
  const open: Subscription[] = []
  let isClosed = false
  const wakes = new Map<number, Cancel>()
  const later = (box: number, ms: number, act: () => void): void => {
    wakes.get(box)?.()
    if (!isClosed) wakes.set(box, node.clock.at(node.clock.now() + ms, act))
  }
  /** An owner of the past may have come late, and gone again: then nobody collects. */
  const regain = (box: number): void =>
    later(box, REGAIN_MS, () => {
      isOwner().then(
        isOurs => {
          if (isOurs && !isClosed) collect(box)
        },
        error => {
          node.report(error)
          regain(box)
        },
      )
    })
  const collect = (box: number, failures = 0): void => {
    broker
      .collect(box, letter => receiving.take(letter), { max, onTaken: () => regain(box) })
      .then(
        subscription => {
          if (isClosed) subscription.unsubscribe()
          else open.push(subscription)
        },
        thrown => {
          if (isClosed) return
          const error = toRuntimeError(thrown, 'internal')
          if (error.kind !== 'broker-unavailable') node.report(error)
          const ms = Math.min(FIRST_PAUSE_MS * 2 ** failures, MAX_PAUSE_MS)
          later(box, ms, () => collect(box, failures + 1))
        },
      )
  }
  /** First what was put aside: it came before what is in the mailboxes. */
  const begin = (failures = 0): void => {
    if (isClosed) return
    receiving.recover().then(
      () => {
        if (isClosed) return
        collect(partition)
        collect(answersOf(partition))
      },
      error => {
        if (isClosed) return
        node.report(error)
        later(partition, Math.min(FIRST_PAUSE_MS * 2 ** failures, MAX_PAUSE_MS), () => begin(failures + 1))
      },
    )
  }
  return {
    open: () => begin(),
    close() {
      isClosed = true
      for (const wake of wakes.values()) wake()
      for (const subscription of open.splice(0)) subscription.unsubscribe()
    },
  }
}
