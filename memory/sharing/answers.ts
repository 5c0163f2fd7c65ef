/** The owner's answers to one client, who may be slow to read them. Called by `serve-connection.ts`. */
import type { Duplex } from 'node:stream'
import type { Cancel, Clock } from '../../actors/clock.ts'
import { RuntimeError, toRuntimeError, toWireError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import type { Encoder } from '../encoder.ts'
import { toFrame } from './frames.ts'
import type { SharingLimits } from './limits.ts'
import type { ToClient } from './messages.ts'

export interface Answers {
  done(id: number, value: unknown): void
  failed(id: number, error: unknown): void
  send(message: ToClient): void
  /** More is written than a client may leave unread. */
  isClogged(): boolean
  close(): void
}

interface AnswerOptions {
  readonly encoder: Encoder
  readonly clock: Clock
  readonly limits: SharingLimits
}

/** Destroys `stream` when its client reads nothing for `unreadMs` though there is something to read. */
export function answersTo(stream: Duplex, { encoder, clock, limits }: AnswerOptions): Answers {
  let cancelUnread: Cancel | undefined

  const watch = (): void => {
    cancelUnread ??= clock.at(clock.now() + limits.unreadMs, () => stream.destroy())
  }
  const stopWatching = (): void => {
    cancelUnread?.()
    cancelUnread = undefined
  }
  const send = (message: ToClient): void => {
    const bytes = encoded(encoder, message, limits.frameBytes)
    if (!stream.writable) return
    if (!stream.write(toFrame(bytes))) watch()
  }
  const failed = (id: number, error: unknown): void =>
    send(['failed', id, toWireError(toRuntimeError(error, 'internal'))])
  stream.on('drain', stopWatching)

  return {
    send,
    failed,
    done(id, value) {
      try {
        send(['done', id, (value ?? null) as Plain])
      } catch (error) {
        failed(id, error)
      }
    },
    isClogged: () => stream.writableLength > limits.frameBytes,
    close: stopWatching,
  }
}

function encoded(encoder: Encoder, message: ToClient, limit: number): Uint8Array {
  const plain = message as unknown as Plain
  const bytes = encoder.pack?.(plain) ?? encoder.encode(plain)
  if (bytes.length <= limit) return bytes
  throw new RuntimeError('codec-too-large', `the answer takes ${bytes.length} bytes, ${limit} are allowed`, {
    why: 'this process asks the owner of the memory, and an answer travels as one message',
    fix: 'ask for fewer at a time, with a lower limit',
    details: { bytes: bytes.length, limit },
  })
}
