/**
 * The client's end of a connection to the owner of a directory: many calls under way, as many as the owner takes,
 * the others in line. Called by `connect.ts`, and by tests over streams in memory. It asks nothing twice: what was
 * not answered is `lost`, and its caller decides.
 */
import type { Duplex } from 'node:stream'
import type { Cancel, Clock } from '../../actors/clock.ts'
import type { WireError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import type { Encoder } from '../encoder.ts'
import type { Holder } from '../owner.ts'
import { frameReader, toFrame } from './frames.ts'
import type { SharingLimits } from './limits.ts'
import {
  GREETING_BYTES,
  helloBytes,
  malformed,
  type Refusal,
  readToClient,
  readWelcome,
  type Welcome,
} from './messages.ts'

/** A call as it travels. The same one may go over several connections, one after the other. */
export interface Ask {
  readonly id: number
  /** Encoded, without its length. */
  readonly message: Uint8Array
}

export type Answer =
  | { readonly type: 'done'; readonly value: Plain }
  | { readonly type: 'failed'; readonly error: WireError }
  /** `sent`: the owner may have done it all the same. */
  | { readonly type: 'lost'; readonly sent: boolean }

export interface Connection {
  readonly owner: Holder
  /** Takes no new calls: the owner closes, or is gone. */
  isEnding(): boolean
  ask(ask: Ask): Promise<Answer>
  close(): void
}

export interface ConnectionOptions {
  readonly encoder: Encoder
  readonly clock: Clock
  readonly limits: SharingLimits
  /** Told when answers are awaited and when no longer. */
  readonly onBusy?: (isBusy: boolean) => void
}

/** What came of greeting whoever listens there. `silent`: nobody of ours, or nobody who answers in time. */
export type Met = { readonly type: 'connected'; readonly connection: Connection } | RefusedOrSilent
type RefusedOrSilent = { readonly type: 'refused'; readonly refusal: Refusal } | { readonly type: 'silent' }

/** Greets over `stream`, which it destroys unless it is connected. */
export function greetOwner(stream: Duplex, options: ConnectionOptions): Promise<Met> {
  const { clock, limits } = options
  return new Promise(resolve => {
    let calls: AskedCalls | undefined
    const cancelHello = clock.at(clock.now() + limits.helloMs, () => stream.destroy())
    const greeted = (bytes: Uint8Array): void => {
      const said = readWelcome(bytes)
      cancelHello()
      if ('refused' in said) {
        resolve({ type: 'refused', refusal: said })
        stream.destroy()
        return
      }
      calls = askedCalls(stream, said, options)
      resolve({ type: 'connected', connection: calls })
    }
    const listen = async (): Promise<void> => {
      const read = frameReader(() => (calls ? limits.frameBytes : GREETING_BYTES))
      try {
        for await (const chunk of stream) {
          for (const frame of read(chunk)) {
            if (calls) calls.take(frame)
            else greeted(frame)
          }
        }
      } catch {
        // Broken off, or nothing that keeps to the protocol: what was asked is lost, which its caller is told.
      } finally {
        cancelHello()
        stream.destroy()
        calls?.lose()
        // Without effect when it was greeted.
        resolve({ type: 'silent' })
      }
    }
    stream.on('error', () => stream.destroy())
    stream.write(toFrame(helloBytes()))
    listen()
  })
}

interface AskedCalls extends Connection {
  /** Throws for what is no answer to a call that waits for one. */
  take(frame: Uint8Array): void
  /** Nothing will be answered any more. */
  lose(): void
}

interface Waiting {
  readonly ask: Ask
  readonly resolve: (answer: Answer) => void
}

function askedCalls(
  stream: Duplex,
  welcome: Welcome,
  { encoder, clock, limits, onBusy }: ConnectionOptions,
): AskedCalls {
  const line: Waiting[] = []
  const sent = new Map<number, Waiting>()
  let isEnding = false
  const watch = silenceWatch(clock, limits.quietMs, {
    ping: () => void stream.write(toFrame(encoder.encode(['ping']))),
    gone: () => void stream.destroy(),
  })

  const pump = (): void => {
    while (line.length > 0 && sent.size < welcome.inFlight && !stream.writableNeedDrain) {
      const waiting = line.shift() as Waiting
      if (sent.size === 0) busy(true)
      sent.set(waiting.ask.id, waiting)
      stream.write(toFrame(waiting.ask.message))
    }
  }
  const busy = (isBusy: boolean): void => {
    if (isBusy) watch.start()
    else watch.stop()
    onBusy?.(isBusy)
  }
  const answered = (id: number, answer: Answer): void => {
    const waiting = sent.get(id)
    if (!waiting) throw malformed()
    sent.delete(id)
    if (sent.size === 0 && line.length === 0) busy(false)
    waiting.resolve(answer)
  }
  const lose = (waiting: Iterable<Waiting>, wasSent: boolean): void => {
    isEnding = true
    for (const { resolve } of waiting) resolve({ type: 'lost', sent: wasSent })
  }
  stream.on('drain', pump)
  onBusy?.(false)

  return {
    owner: welcome.owner,
    isEnding: () => isEnding,
    ask: ask =>
      new Promise(resolve => {
        if (isEnding) return resolve({ type: 'lost', sent: false })
        line.push({ ask, resolve })
        pump()
      }),
    take(frame) {
      const message = readToClient(encoder.decode(frame))
      watch.heard()
      if (message[0] === 'bye') lose(line.splice(0), false)
      else if (message[0] === 'done') answered(message[1], { type: 'done', value: message[2] })
      else if (message[0] === 'failed') answered(message[1], { type: 'failed', error: message[2] })
      pump()
    },
    lose() {
      watch.stop()
      // In the order in which they were asked, which is that in which they will be asked again.
      lose(sent.values(), true)
      sent.clear()
      lose(line.splice(0), false)
    },
    close() {
      isEnding = true
      stream.end()
    },
  }
}

/** Asks whether the owner is there after `quietMs` without a word, and gives up when that goes unanswered as long. */
function silenceWatch(
  clock: Clock,
  quietMs: number,
  act: { readonly ping: () => void; readonly gone: () => void },
): { start(): void; heard(): void; stop(): void } {
  let lastHeard = 0
  let pingedAt: number | undefined
  let cancel: Cancel | undefined
  const look = (): void => {
    const now = clock.now()
    if (pingedAt === undefined && now - lastHeard >= quietMs) {
      act.ping()
      // From now, not from the last word: this process itself may have been stopped meanwhile.
      pingedAt = now
    }
    if (pingedAt !== undefined && now - pingedAt >= quietMs) act.gone()
    else cancel = clock.at((pingedAt ?? lastHeard) + quietMs, look)
  }
  const heard = (): void => {
    lastHeard = clock.now()
    pingedAt = undefined
  }
  return {
    heard,
    start() {
      heard()
      cancel ??= clock.at(lastHeard + quietMs, look)
    },
    stop() {
      cancel?.()
      cancel = undefined
    },
  }
}
