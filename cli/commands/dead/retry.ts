/**
 * `agenticraft dead retry MESSAGE`: sends a dead letter's message again; with `--nats`, in a cluster. Here only an actor of a run that is unfinished
 * can take it, and only while the run is carried out: so the run is resumed, and gets the message.
 */
import type { Address } from '../../../actors/address.ts'
import type { DeadLetter } from '../../../actors/dead-letters.ts'
import { RuntimeError } from '../../../actors/errors.ts'
import type { Runtime } from '../../../runtime/create-runtime.ts'
import type { RunRecord } from '../../../runtime/runs.ts'
import { retryClusterLetters } from '../../cluster-letters.ts'
import { isForCluster } from '../../cluster-runs.ts'
import type { Command } from '../../command.ts'
import { addDataDir, dataDirOf, holdsJournal, openRuntime } from '../../data-dir.ts'
import { addLiveFlags, goOn } from '../../go-on.ts'
import { addNatsOptions } from '../../nats-url.ts'
import { isUnfinished } from '../../stored-runs.ts'

export const deadRetry: Command = {
  name: 'retry',
  summary: 'send a dead letter again, in its run, which goes on',
  configure(parser) {
    const named = addDataDir(parser.argument('[message...]', 'id of the message, in a cluster of several'))
    addLiveFlags(addNatsOptions(named)).option('--all', 'all of them, in a cluster')
  },
  async run(context) {
    if (isForCluster(context)) return retryClusterLetters(context)
    const [id = '', ...more] = context.args
    if (id === '' || more.length > 0 || context.options['all'] === true)
      throw new RuntimeError('usage', 'one letter is sent again at a time, because its run goes on with it', {
        fix: 'agenticraft dead retry MESSAGE; for a cluster say --nats URL',
      })
    const dir = dataDirOf(context)
    const runtime = await openRuntime((await holdsJournal(dir)) ? dir : undefined)
    try {
      const letter = runtime.deadLetters().find(({ envelope }) => envelope.id === id)
      if (!letter)
        throw new RuntimeError('dead-letter-unknown', `there is no dead letter "${id.slice(0, 200)}"`, {
          fix: 'agenticraft dead ls lists them',
        })
      const record = await runOf(runtime, letter)
      const sent = sendWhenBack(runtime, letter.envelope.to, id)
      const exit = await goOn(runtime, record, context)
      if (!sent.done())
        context.terminal.failure(`  ${letter.envelope.to} did not come back: the message is kept`)
      return exit
    } finally {
      await runtime.stop()
    }
  },
}

/** The run whose actor could take the letter. Throws `actor-stopped` when there is none. */
async function runOf({ journal, runs }: Runtime, { envelope }: DeadLetter): Promise<RunRecord> {
  const known = journal.known(envelope.to)
  const record = known?.run === undefined ? undefined : await runs.get(known.run)
  if (known?.rest !== 'ended' && record && isUnfinished(record)) return record
  throw new RuntimeError('actor-stopped', `nobody can take a message to ${envelope.to} any more`, {
    why: record ? `its run ${record.id} has ended: ${record.status}` : 'it is of no run that is kept here',
    fix: `forget it: agenticraft dead drop ${envelope.id}`,
  })
}

/** Sends the letter as soon as its receiver is in memory again. */
function sendWhenBack(runtime: Runtime, to: Address, id: string): { done(): boolean } {
  let sent = false
  runtime.events.subscribe(event => {
    const isBack = event.type === 'actor.recovered' || event.type === 'actor.started'
    if (sent || !isBack || event.actor !== to) return undefined
    sent = true
    return runtime.retryDeadLetter(id)
  })
  return { done: () => sent }
}
