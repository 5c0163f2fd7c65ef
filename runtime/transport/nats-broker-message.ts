/** One message of a stream, asked of its leader. Used by the log, and for letters while no consumer can be had. */
import type { Line } from './nats-broker-line.ts'
import { API, unexpected } from './nats-broker-refusals.ts'

/** The newest under a subject or pattern; or the first of a pattern from a number on. */
export type Which =
  | { readonly last_by_subj: string }
  | { readonly seq: number; readonly next_by_subj: string }

export interface OneMessage {
  readonly subject: string
  readonly seq: number
  readonly data: Uint8Array
  /** When it was stored, in nanoseconds since 1970, as the names of deliveries have it. */
  readonly stored: string
}

interface Found {
  readonly message: {
    readonly subject: string
    readonly seq: number
    readonly data?: string
    readonly time: string
  }
}

/** Undefined when there is none. Rejects with `broker-unavailable`, `transport-closed`. */
export async function oneOf(line: Line, stream: string, which: Which): Promise<OneMessage | undefined> {
  const what = `the reading of ${'last_by_subj' in which ? which.last_by_subj : which.next_by_subj}`
  const { error, message } = await line.ask<Found>({
    subject: `$JS.API.STREAM.MSG.GET.${stream}`,
    body: new TextEncoder().encode(JSON.stringify(which)),
    what,
  })
  if (error?.err_code === API.noMessage) return undefined
  if (message === undefined) throw unexpected(what, error)
  const { subject, seq, data = '', time } = message
  return { subject, seq, data: new Uint8Array(Buffer.from(data, 'base64')), stored: nanosOf(time) }
}

/** RFC 3339 with up to nine digits behind the point, which `Date` would cut. */
function nanosOf(time: string): string {
  const [seconds = '', rest = ''] = time.split(/[.Z]/)
  return String(BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(rest.padEnd(9, '0')))
}
