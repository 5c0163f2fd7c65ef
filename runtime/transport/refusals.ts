/**
 * What every transport says when it refuses, so that callers meet one set of errors on all of them. Used by
 * the implementations only.
 */
import { RuntimeError } from '../../actors/errors.ts'
import { MAX_PAYLOAD, type TransportStatus } from './transport.ts'

/** `data` if a transport must take it. Throws `codec-too-large`. */
export function checkSize(data: Uint8Array): Uint8Array {
  if (data.length <= MAX_PAYLOAD) return data
  throw new RuntimeError(
    'codec-too-large',
    `a message of ${data.length} bytes is larger than ${MAX_PAYLOAD}`,
    {
      fix: 'send a reference to where the data is kept instead of the data',
      details: { bytes: data.length, maxBytes: MAX_PAYLOAD },
    },
  )
}

export const closed = (status: TransportStatus): RuntimeError =>
  new RuntimeError('transport-closed', `the transport is ${status}`)

export const noResponders = (subject: string): RuntimeError =>
  new RuntimeError('no-responders', `nobody is subscribed to "${subject}"`, { details: { subject } })

export const timedOut = (subject: string, timeoutMs: number): RuntimeError =>
  new RuntimeError('request-timeout', `nobody answered "${subject}" within ${timeoutMs} ms`, {
    details: { subject, timeoutMs },
  })

export const cancelled = (subject: string, signal: AbortSignal | undefined): RuntimeError =>
  new RuntimeError('cancelled', `the request to "${subject}" was cancelled`, {
    cause: signal?.reason,
    details: { subject },
  })
