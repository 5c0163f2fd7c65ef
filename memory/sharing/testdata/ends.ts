/** Both ends of a connection over streams in memory, and one end with a test at the other. */
import { type Duplex, duplexPair } from 'node:stream'
import type { Plain } from '../../../actors/plain.ts'
import { createCodec } from '../../../runtime/codec.ts'
import { type SimulatedClock, simulatedClock } from '../../../runtime/testkit/simulated-clock.ts'
import type { OwnedMemory } from '../calls.ts'
import { type Ask, type Connection, type ConnectionOptions, greetOwner } from '../connection.ts'
import { frameReader, toFrame } from '../frames.ts'
import { SHARING_LIMITS, type SharingLimits } from '../limits.ts'
import { type ServedConnection, serveConnection } from '../serve-connection.ts'

export const codec = createCodec({ maxBytes: 64 * 1024 * 1024, maxNodes: 4_000_000 })
export const owner = { pid: 7, command: 'node owner.js', startedAt: '2026-01-01T00:00:00.000Z' }

/** The other end, in the hands of a test. */
export interface RawEnd {
  readonly stream: Duplex
  send(bytes: Uint8Array): void
  say(message: Plain): void
  /** Messages that came, greetings as objects. */
  readonly heard: Plain[]
  readonly ended: Promise<void>
}

export function rawEnd(stream: Duplex): RawEnd {
  const heard: Plain[] = []
  const listen = async (): Promise<void> => {
    const read = frameReader(() => SHARING_LIMITS.frameBytes)
    try {
      for await (const chunk of stream) for (const frame of read(chunk)) heard.push(decoded(frame))
    } catch {
      // Destroyed by either side: the end is what a test waits for.
    }
  }
  stream.on('error', () => {})
  return {
    stream,
    heard,
    ended: listen(),
    send: bytes => void stream.write(toFrame(bytes)),
    say: message => void stream.write(toFrame(codec.encode(message))),
  }
}

const decoded = (frame: Uint8Array): Plain =>
  frame[0] === 0x7b ? JSON.parse(Buffer.from(frame).toString()) : codec.decode(frame)

export interface EndOptions {
  readonly limits?: Partial<SharingLimits>
  readonly clock?: SimulatedClock
}

const optionsOf = ({ limits, clock = simulatedClock() }: EndOptions): ConnectionOptions => ({
  encoder: codec,
  clock,
  limits: { ...SHARING_LIMITS, ...limits },
})

/** As two sockets are: when one ends or dies, the other ends. */
function socketPair(): [Duplex, Duplex] {
  const [one, other] = duplexPair({ allowHalfOpen: false })
  one.on('close', () => other.destroy())
  other.on('close', () => one.destroy())
  return [one, other]
}

/** An owner whose client the test plays. */
export function ownerAlone(
  memory: OwnedMemory | undefined,
  options: EndOptions = {},
): { readonly served: ServedConnection; readonly client: RawEnd } {
  const [mine, other] = socketPair()
  const served = serveConnection(mine, { ...optionsOf(options), memory, owner })
  return { served, client: rawEnd(other) }
}

/** A client whose owner the test plays. */
export function clientAlone(options: EndOptions = {}) {
  const [mine, other] = socketPair()
  return { met: greetOwner(mine, optionsOf(options)), raw: rawEnd(other) }
}

export interface BothEnds {
  readonly connection: Connection
  readonly served: ServedConnection
  /** Ends it as the death of a process does. */
  cut(): void
}

export async function connected(memory: OwnedMemory, options: EndOptions = {}): Promise<BothEnds> {
  const [mine, other] = socketPair()
  const served = serveConnection(mine, { ...optionsOf(options), memory, owner })
  const met = await greetOwner(other, optionsOf(options))
  if (met.type !== 'connected') throw new Error(`met ${met.type}`)
  return { connection: met.connection, served, cut: () => void mine.destroy() }
}

export const askOf = (id: number, method: string, ...args: readonly Plain[]): Ask => ({
  id,
  message: codec.encode(['call', id, 'space', method, args]),
})

/** A promise and the settling of it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { opened, open: () => open() }
}
