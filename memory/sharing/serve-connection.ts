/**
 * The owner's end of one connection: greets, takes calls as fast as they are done, answers. Called by `serve.ts`,
 * and by tests over streams in memory. Whatever a client sends ends its own connection and nothing else.
 */
import type { Duplex } from 'node:stream'
import { setImmediate as breath } from 'node:timers/promises'
import type { Clock } from '../../actors/clock.ts'
import type { Encoder } from '../encoder.ts'
import type { Holder } from '../owner.ts'
import { answersTo } from './answers.ts'
import { isHeavy, type OwnedMemory } from './calls.ts'
import { frameReader, toFrame } from './frames.ts'
import type { SharingLimits } from './limits.ts'
import {
  type CallMessage,
  GREETING_BYTES,
  malformed,
  PROTOCOL,
  readHello,
  readToOwner,
  refusalBytes,
  welcomeBytes,
} from './messages.ts'
import { messageRunner } from './run-message.ts'

export interface ServeOptions {
  /** Absent: it is not shared, and everyone is told so. */
  readonly memory: OwnedMemory | undefined
  readonly owner: Holder
  readonly encoder: Encoder
  readonly clock: Clock
  readonly limits: SharingLimits
}

export interface ServedConnection {
  /** Resolves when it has ended, however it did. */
  readonly ended: Promise<void>
  /** Takes no new calls, and ends when those under way are answered. */
  drain(): void
  destroy(): void
}

/** Serves whoever is at the other end of `stream`. */
export function serveConnection(stream: Duplex, options: ServeOptions): ServedConnection {
  let calls: ServedCalls | undefined
  let isDraining = false

  const listen = async (): Promise<void> => {
    const { clock, limits } = options
    const cancelHello = clock.at(clock.now() + limits.helloMs, () => stream.destroy())
    const read = frameReader(() => (calls ? limits.frameBytes : GREETING_BYTES))
    try {
      for await (const chunk of stream) {
        for (const frame of read(chunk)) {
          if (calls) await calls.take(frame)
          else calls = await greet(stream, frame, options)
          cancelHello()
        }
        if (isDraining) calls?.drain()
      }
    } catch {
      // Broken off, or no client of ours: there is nobody to tell, and nothing of it is left.
    } finally {
      cancelHello()
      stream.destroy()
      await calls?.close()
    }
  }
  // An error also ends the iteration above; one that comes after it must not end the process.
  stream.on('error', () => stream.destroy())
  return {
    ended: listen(),
    drain() {
      isDraining = true
      calls?.drain()
    },
    destroy: () => void stream.destroy(),
  }
}

/** Answers a greeting. Throws, when it is refused, after saying so. */
async function greet(stream: Duplex, frame: Uint8Array, options: ServeOptions): Promise<ServedCalls> {
  const { memory, owner, limits } = options
  const isUnderstood = readHello(frame) === PROTOCOL
  if (isUnderstood && memory) {
    stream.write(toFrame(welcomeBytes({ owner, inFlight: limits.inFlight })))
    return serveCalls(stream, memory, options)
  }
  const refusal = refusalBytes(owner, isUnderstood ? 'not-shared' : 'protocol')
  await new Promise<void>(resolve => stream.end(toFrame(refusal), () => resolve()))
  throw malformed()
}

interface ServedCalls {
  /** Resolves when the next one may come. Throws for what is no message. */
  take(frame: Uint8Array): Promise<void>
  drain(): void
  close(): Promise<void>
}

function serveCalls(stream: Duplex, memory: OwnedMemory, options: ServeOptions): ServedCalls {
  const { encoder, limits } = options
  const answers = answersTo(stream, options)
  const runner = messageRunner(memory, limits.exports)
  const underWay = new Set<number>()
  let isDraining = false
  /** Lets the reading go on. */
  let wake = (): void => {}

  const run = async (message: CallMessage): Promise<void> => {
    const id = message[1]
    underWay.add(id)
    try {
      answers.done(id, await runner.run(message))
    } catch (error) {
      answers.failed(id, error)
    }
    underWay.delete(id)
    if (isDraining && underWay.size === 0) stream.end()
    wake()
  }
  const room = async (): Promise<void> => {
    while (!stream.destroyed && (underWay.size >= limits.inFlight || answers.isClogged())) {
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
  }
  stream.on('drain', () => wake())
  stream.on('close', () => wake())
  return {
    async take(frame) {
      const message = readToOwner(encoder.decode(frame))
      if (message[0] === 'ping') return answers.send(['pong'])
      if (underWay.has(message[1])) throw malformed()
      await room()
      // What comes after the farewell is asked again of the next owner.
      if (isDraining || stream.destroyed) return
      // An answer that cannot even be refused in words: the client must not wait for it.
      run(message).catch(() => stream.destroy())
      if (isHeavy(message[3])) await breath()
    },
    drain() {
      if (isDraining) return
      isDraining = true
      answers.send(['bye'])
      if (underWay.size === 0) stream.end()
    },
    async close() {
      answers.close()
      await runner.close()
    },
  }
}
