/** `agenticraft nats up`: runs a `nats-server` for this data directory, and keeps it running until it is stopped. */
import { RuntimeError } from '../../../actors/errors.ts'
import type { Command, CommandContext } from '../../command.ts'
import { addDataDir, commandLine, dataDirOf } from '../../data-dir.ts'
import { EXIT } from '../../failure.ts'
import { upInBackground } from '../../nats-background.ts'
import { type NatsNote, natsDirectory } from '../../nats-note.ts'
import type { SupervisionEvent } from '../../nats-supervision.ts'
import { DEFAULT_PORT, type UpFlags, type UpOptions, upOptionsOf } from '../../nats-up-options.ts'
import type { Paint } from '../../terminal.ts'
import { bytesText, timeText } from '../../usage-text.ts'

export const natsUp: Command = {
  name: 'up',
  summary: 'run a nats-server for this data directory, until it is stopped',
  endsBySignal: true,
  configure: parser =>
    void addDataDir(parser, 'where the server keeps what it is given, in its folder "nats"')
      .option('--port <number>', `where clients connect, 0 for a free one (default: ${DEFAULT_PORT})`)
      .option('--max-bytes <size>', 'what JetStream may keep on the disk, for example 512M (default: 4G)')
      .option('--detach', 'return when it answers, and leave it running: agenticraft nats down stops it')
      .option('--host <address>', 'where to listen (default: 127.0.0.1, for this machine only); needs TLS')
      .option('--tls-cert <file>', 'the certificate of the server, PEM')
      .option('--tls-key <file>', 'the key of that certificate, PEM')
      .option('--tls-ca <file>', 'who vouches for that certificate, if it is not known to Node, PEM')
      .option('--users <file...>', 'further users, as agenticraft nats permissions prints them'),
  async run(context) {
    const flags = context.options as UpFlags
    const dataDir = dataDirOf(context)
    const options = await upOptionsOf(flags, context)
    if (flags.detach) {
      const note = await upInBackground({ ...options, dataDir, userFiles: flags.users ?? [] }, context)
      show(note, options, context, true)
      return EXIT.ok
    }
    const hangUp = new AbortController()
    const onHangUp = (): void => hangUp.abort(new RuntimeError('runtime-stopped', 'the terminal was closed'))
    process.once('SIGHUP', onHangUp)
    // Late, for the client takes long to load.
    const { runLocalNats } = await import('../../nats-local.ts')
    try {
      await runLocalNats({
        ...options,
        dataDir,
        env: context.env,
        signal: AbortSignal.any([context.signal, hangUp.signal]),
        onReady: note => show(note, options, context, false),
        tell: event => tell(event, context),
      })
    } finally {
      process.off('SIGHUP', onHangUp)
    }
    context.terminal.message('the NATS server has stopped')
    return EXIT.ok
  },
}

function show(note: NatsNote, options: UpOptions, context: CommandContext, isDetached: boolean): void {
  const { version, maxBytes } = options
  const dataDir = dataDirOf(context)
  const { url, pid, nkey, server } = note
  context.terminal.show(
    { url, nkey, pid, server: server?.pid, version, dataDir, maxBytes, detached: isDetached },
    paint => readyText(note, options, context, paint, isDetached),
  )
}

function readyText(
  { url, nkey, ca }: NatsNote,
  { version, maxBytes }: UpOptions,
  context: CommandContext,
  paint: Paint,
  isDetached: boolean,
): string {
  const line = (words: readonly string[], what: string): string =>
    `  ${paint('bold', commandLine(words, context))}   ${paint('dim', what)}`
  const elsewhere = [
    'node',
    '--nats',
    url,
    '--nkey',
    nkey ?? '',
    ...(ca === undefined ? [] : ['--tls-ca', ca]),
  ]
  return [
    `${paint('green', '✔')} nats-server ${version} answers at ${url}, and keeps up to ${bytesText(maxBytes)} in ${natsDirectory(dataDirOf(context))}`,
    line(['node'], 'starts a node on it; commands of this data directory find it by themselves'),
    `  ${paint('bold', ['agenticraft', ...elsewhere].join(' '))}   ${paint('dim', 'from another folder')}`,
    isDetached ? line(['nats', 'down'], 'stops it') : `  Ctrl-C stops it`,
  ].join('\n')
}

function tell(event: SupervisionEvent, { terminal }: CommandContext): void {
  const text = eventText(event)
  if (text === undefined) return
  terminal.message(paint =>
    paint(event.kind === 'serving' ? 'green' : 'yellow', `${timeText(Date.now())} ${text}`),
  )
}

function eventText(event: SupervisionEvent): string | undefined {
  switch (event.kind) {
    case 'serving':
      return event.times === 1 ? undefined : 'the server answers again'
    case 'died':
      return `the server is gone: ${event.how}; it is started again in ${event.againInMs} ms`
    case 'hung':
      return `JetStream has not answered for ${event.forMs} ms; the server is restarted`
    case 'disk-full':
      return `JetStream hangs, and only ${bytesText(event.freeBytes)} are free; the server is restarted when there is space`
  }
}
