/** What the NATS transport says when a server, a client or a peer does not play along. Used by `nats*.ts`. */
import { type ErrorCode, NatsError } from 'nats'
import { RuntimeError } from '../../actors/errors.ts'

/** The server takes less than the contract of a transport has it take, or this message cannot go alone. */
export const tooLarge = (bytes: number, maxBytes: number): RuntimeError =>
  new RuntimeError('codec-too-large', `a message of ${bytes} bytes is larger than ${maxBytes}`, {
    why: 'that is as much as the NATS server takes',
    fix: 'raise max_payload of the server to 1 MiB, or send a reference to where the data is kept',
    details: { bytes, maxBytes },
  })

/** The client threw when it was given a message. */
export function unsendable(error: unknown, subject: string): RuntimeError {
  const code: `${ErrorCode}` | '' = error instanceof NatsError ? (error.code as `${ErrorCode}`) : ''
  if (code === 'MAX_PAYLOAD_EXCEEDED') {
    return new RuntimeError('codec-too-large', `a message to "${subject}" is larger than the server takes`, {
      why: 'the server it was accepted for takes more than the one that is connected now',
      fix: 'give all servers the same max_payload',
      details: { subject },
    })
  }
  return new RuntimeError('broker-unavailable', `a message to "${subject}" could not be sent`, {
    cause: error,
    details: { subject, ...(code !== '' && { code }) },
  })
}

export const underWay = (messages: number): RuntimeError =>
  new RuntimeError(
    'broker-unavailable',
    `the connection was lost while ${messages} messages were under way`,
    {
      why: 'nobody knows whether they arrived, and they are not sent again',
      details: { messages },
    },
  )

interface Refused {
  readonly operation: string
  readonly subject: string
}

/** An error that the server sent by itself. */
export const refusedByServer = (code: string, refused?: Refused): RuntimeError =>
  refused === undefined
    ? new RuntimeError('broker-unavailable', `the NATS server reports ${code}`, { details: { code } })
    : new RuntimeError(
        'broker-unavailable',
        `the NATS server does not allow a ${refused.operation} to "${refused.subject}"`,
        {
          why: 'the permissions of this user do not cover it',
          fix: 'extend the permissions of the user in the configuration of the server',
          retryable: false,
          details: { code, ...refused },
        },
      )

/** A peer sent what belongs elsewhere. */
export const misplaced = (what: string): RuntimeError =>
  new RuntimeError('codec-malformed', `a message of the kind "${what}" came to where none is expected`, {
    fix: 'let nobody but the nodes publish to these subjects',
  })
