/** `agenticraft dead`: messages that nobody processed, with why. They can be looked at, sent again and dropped. */
import type { DeadLetter } from '../../actors/dead-letters.ts'
import { RuntimeError } from '../../actors/errors.ts'
import type { EventSink } from '../../actors/events.ts'
import { DeadLetterBox } from '../../runtime/dead-letter-box.ts'
import type { Command, CommandContext } from '../command.ts'
import { addDataDir, type Stored, withStored } from '../data-dir.ts'
import { type Paint, printable } from '../terminal.ts'
import { timeText } from '../usage-text.ts'
import { deadRetry } from './dead/retry.ts'

const ls: Command = {
  name: 'ls',
  summary: 'list dead letters, oldest first',
  configure: parser => void addDataDir(parser),
  run: context =>
    withStored(context, async stored => {
      const letters = (await boxOf(stored)).list()
      context.terminal.show(letters, paint =>
        letters.length === 0 ? 'no dead letters' : letters.map(letter => lineOf(letter, paint)).join('\n'),
      )
      return undefined
    }),
}

const show: Command = {
  name: 'show',
  summary: 'show one dead letter with its body',
  configure: parser => void addDataDir(parser.argument('<message>', 'id of the message')),
  run: context =>
    withStored(context, async stored => {
      const letter = (await boxOf(stored)).list().find(({ envelope }) => envelope.id === context.args[0])
      if (!letter) throw unknown(context)
      context.terminal.show(letter, paint => textOf(letter, paint))
      return undefined
    }),
}

const drop: Command = {
  name: 'drop',
  summary: 'forget dead letters, for good',
  configure: parser => void addDataDir(parser.argument('<message...>', 'ids of messages')),
  run: context =>
    withStored(context, async stored => {
      const box = await boxOf(stored)
      for (const id of context.args) await box.take(id)
      context.terminal.show({ dropped: context.args }, `${context.args.length} dropped`)
      return undefined
    }),
}

export const dead: Command = {
  name: 'dead',
  summary: 'list, show, send again and drop dead letters',
  subcommands: [ls, show, deadRetry, drop],
}

const SILENT: EventSink = { on: false, emit: () => {} }

async function boxOf({ journal }: Stored): Promise<DeadLetterBox> {
  const box = new DeadLetterBox(journal, SILENT, error => {
    throw error
  })
  await box.load()
  return box
}

const unknown = ({ args }: CommandContext): RuntimeError =>
  new RuntimeError('dead-letter-unknown', `there is no dead letter "${String(args[0]).slice(0, 200)}"`, {
    fix: 'agenticraft dead ls lists them',
  })

const lineOf = ({ at, envelope: { id, type, to }, error }: DeadLetter, paint: Paint): string =>
  printable(`${timeText(at)}  ${type} → ${to}  `) + paint('red', error.code) + printable(`  ${id}`)

function textOf({ at, envelope, error }: DeadLetter, paint: Paint): string {
  const { id, type, to, from, run, body } = envelope
  const line = (label: string, text: string): string =>
    `  ${paint('dim', label.padEnd(5))} ${printable(text)}`
  return [
    `${paint('bold', printable(type))} ${printable(id)}`,
    line('died', timeText(at)),
    line('to', to),
    ...(from ? [line('from', from)] : []),
    ...(run ? [line('run', run)] : []),
    line('why', `${error.code} ${error.message}${error.why ? `: ${error.why}` : ''}`),
    line('body', JSON.stringify(body)),
  ].join('\n')
}
