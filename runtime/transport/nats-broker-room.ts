/**
 * How much room the log has left: the last part of it is kept for what makes room, the snapshots behind which older entries
 * can be purged. The server is asked now and then, and meanwhile what this node writes is counted. Used by `nats-broker.ts`.
 */
import type { Line } from './nats-broker-line.ts'
import { logStream } from './nats-streams.ts'

/** This part of the log is the reserve, up to so many bytes. */
const RESERVE = { part: 1 / 8, atMost: 256 * 1024 * 1024 } as const
/** How old the server's word may be: on others, who write as well, it says nothing; and when it said that there is none. */
const FRESH_MS = { ample: 5_000, scarce: 500 } as const
/** What a message takes besides its data, about. */
const OVERHEAD = 100

interface Info {
  readonly config: { readonly max_bytes: number }
  readonly state: { readonly bytes: number }
}

export interface Room {
  /** This node has written so many bytes. */
  wrote(bytes: number): void
  /** False while a message of so many bytes would leave less than the reserve. Rejects as other calls do. */
  has(bytes: number): Promise<boolean>
}

export function roomOf(line: Line, namespace: string, now = (): number => performance.now()): Room {
  const name = logStream(namespace)
  let left = 0
  let freshUntil = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | undefined
  const ask = async (wanted: number): Promise<void> => {
    const { config, state } = await line.ask<Info>({
      subject: `$JS.API.STREAM.INFO.${name}`,
      body: new Uint8Array(),
      what: `the room in ${name}`,
    })
    // Without a limit of its own it has that of the server, which a refusal tells.
    const most = config && config.max_bytes > 0 ? config.max_bytes : Number.POSITIVE_INFINITY
    left = most - (state?.bytes ?? 0) - (most === Number.POSITIVE_INFINITY ? 0 : reserveOf(most))
    freshUntil = now() + (left > wanted ? FRESH_MS.ample : FRESH_MS.scarce)
  }
  return {
    wrote(bytes) {
      left -= bytes + OVERHEAD
    },
    async has(bytes) {
      const wasAmple = left > bytes
      // What was counted since says that it has become scarce: others may have purged meanwhile.
      if (now() >= freshUntil || (!wasAmple && freshUntil - now() > FRESH_MS.scarce)) {
        asking ??= ask(bytes).finally(() => {
          asking = undefined
        })
        await asking
      }
      return left > bytes
    },
  }
}

const reserveOf = (bytes: number): number => Math.min(bytes * RESERVE.part, RESERVE.atMost)
