/**
 * `agenticraft dead`: messages that nobody processed, with why. They can be looked at, sent again and dropped: those of a
 * data directory, or with `--nats` those of a cluster, where some only wait for nodes of a later version.
 */
import type { DeadLetter } from '../../actors/dead-letters.ts'
import { RuntimeError } from '../../actors/errors.ts'
import type { EventSink } from '../../actors/events.ts'
import { DeadLetterBox } from '../../runtime/dead-letter-box.ts'
import { dropClusterLetters, listClusterLetters, mayDrop, showClusterLetter } from '../cluster-letters.ts'
import { isForCluster } from '../cluster-runs.ts'
import type { Command, CommandContext } from '../command.ts'
import { addDataDir, type Stored, withStored } from '../data-dir.ts'
import { addNatsOptions } from '../nats-url.ts'
import { type Paint, printable } from '../terminal.ts'
import { countOf, timeText } from '../usage-text.ts'
import { deadRetry } from './dead/retry.ts'

const ls: Command = {
  name: 'ls',
  summary: 'list dead letters, oldest first',
  configure: parser => void addNatsOptions(addDataDir(parser)),
  run(context) {
    if (isForCluster(context)) return listClusterLetters(context)
    return withStored(context, async stored => {
      const letters = (await boxOf(stored)).list()
      context.terminal.show(letters, paint =>
        letters.length === 0 ? 'no dead letters' : letters.map(letter => lineOf(letter, paint)).join('\n'),
      )
      return undefined
    })
  },
}

const show: Command = {
  name: 'show',
  summary: 'show one dead letter with its body',
  configure: parser => void addNatsOptions(addDataDir(parser.argument('<message>', 'id of the message'))),
  run(context) {
    if (isForCluster(context)) return showClusterLetter(context)
    return withStored(context, async stored => {
      const letter = (await boxOf(stored)).list().find(({ envelope }) => envelope.id === context.args[0])
      if (!letter) throw unknown(context.args[0])
      context.terminal.show(letter, paint => textOf(letter, paint))
      return undefined
    })
  },
}

const drop: Command = {
  name: 'drop',
  summary: 'forget dead letters, for good',
  configure(parser) {
    addNatsOptions(addDataDir(parser.argument('[message...]', 'ids of messages')))
      .option('--all', 'all of them')
      .option('--yes', 'do not ask')
  },
  run(context) {
    if (isForCluster(context)) return dropClusterLetters(context)
    return withStored(context, async stored => {
      const box = await boxOf(stored)
      const known = new Set(box.list().map(({ envelope }) => envelope.id))
      const ids = namedOrAll(context, [...known])
      const missing = ids.find(id => !known.has(id))
      if (missing !== undefined) throw unknown(missing)
      if (ids.length > 0 && !(await mayDrop(`Drop ${countOf(ids.length, 'dead letter')} for good?`, context)))
        return undefined
      for (const id of ids) await box.take(id)
      context.terminal.show({ dropped: ids }, `${ids.length} dropped`)
      return undefined
    })
  },
}

/** Throws `usage` unless it is said, in one way, which are meant. */
function namedOrAll({ args, options }: CommandContext, all: readonly string[]): readonly string[] {
  if (args.length > 0 !== (options['all'] === true)) return args.length > 0 ? [...new Set(args)] : all
  throw new RuntimeError('usage', 'letters are named by their ids, or all of them are meant with --all', {
    fix: 'agenticraft dead ls lists them',
  })
}

export const dead: Command = {
  name: 'dead',
  summary: 'list, show, send again and drop letters that nobody took',
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

const unknown = (id = ''): RuntimeError =>
  new RuntimeError('dead-letter-unknown', `there is no dead letter "${id.slice(0, 200)}"`, {
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
