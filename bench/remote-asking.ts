/**
 * Times questions to another process over one NATS server. Shared by the subjects of `remote-ask`: each brings a
 * script that answers, run with the server's address as its argument, and a way to ask.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { startNats } from './nats-process.ts'
import type { Measured } from './scenario.ts'
import { measured, timed } from './timing.ts'
import { REMOTE_IN_FLIGHT } from './work.ts'

export interface Asker {
  /** One question with a number; resolves to the number that was answered. */
  ask(n: number): Promise<number>
  stop(): Promise<void>
}

/** A right answer is the number plus 1. Throws `Unavailable` when there is no nats-server. */
export async function askedRemotely(
  script: string,
  scratch: string,
  open: (url: string) => Promise<Asker>,
): Promise<Measured> {
  const { url } = await startNats(scratch)
  const answerer = fork(script, [url])
  await Promise.race([
    once(answerer, 'message'),
    once(answerer, 'exit').then(([code, signal]) => {
      throw new Error(`the process that answers ended with ${signal ?? code}`)
    }),
  ])
  const asker = await open(url)
  const operation = async (n: number): Promise<number> => ((await asker.ask(n)) === n + 1 ? 1 : 0)
  const timings: Record<string, Awaited<ReturnType<typeof timed>>> = {}
  for (const inFlight of REMOTE_IN_FLIGHT)
    timings[`${inFlight} in flight`] = await timed(operation, { inFlight })
  await asker.stop()
  answerer.kill('SIGKILL')
  return measured(timings)
}

/** Called by a script once it answers. It ends when the process that asks is gone. */
export function answering(): void {
  process.once('disconnect', () => process.exit(1))
  process.send?.('ready')
}

/** The address of the server, which a script gets as its argument. */
export function serverUrl(): string {
  const [, , url] = process.argv
  if (url === undefined) throw new Error('started without the address of a server')
  return url
}
