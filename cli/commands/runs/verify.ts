/**
 * `agenticraft runs verify`: folds stored runs with today's definitions and says which of them would break. Exit
 * code 78 when one would. Nothing is run and nothing changed.
 */
import { RuntimeError } from '../../../actors/errors.ts'
import { type ActorVerdict, type RunVerdict, verifyRun } from '../../../runtime/history/verify.ts'
import type { RunRecord } from '../../../runtime/runs.ts'
import type { Command } from '../../command.ts'
import { addDataDir, withStored } from '../../data-dir.ts'
import { describeFailure, EXIT } from '../../failure.ts'
import { actorName } from '../../steps-view.ts'
import { behavioursOf, findRun } from '../../stored-runs.ts'
import { type Paint, printable } from '../../terminal.ts'

interface Verified {
  readonly record: RunRecord
  readonly verdict: RunVerdict
}

export const runsVerify: Command = {
  name: 'verify',
  summary: "replay runs against today's code and say which would break",
  configure(parser) {
    parser.argument('[run]', 'its id, or the beginning of it').option('--all', 'every run that is kept')
    addDataDir(parser)
  },
  run(context) {
    const { all } = context.options as { readonly all?: boolean }
    const [given] = context.args
    if ((given === undefined) === !all)
      throw new RuntimeError('usage', 'name one run, or say --all', { fix: 'agenticraft runs verify --all' })
    return withStored(context, async ({ runs }) => {
      const records = given === undefined ? await runs.list() : [await findRun(runs, given)]
      const verified: Verified[] = []
      for (const record of records)
        verified.push({
          record,
          verdict: verifyRun(await runs.steps(record.id), await behavioursOf(record)),
        })
      const ok = verified.every(({ verdict }) => verdict.ok)
      context.terminal.show({ ok, runs: verified.map(objectOf) }, paint => render(verified, paint))
      return ok ? EXIT.ok : EXIT.configuration
    })
  },
}

const objectOf = ({ record: { id, workflow, status }, verdict: { ok, actors } }: Verified) => ({
  ...{ runId: id, workflow, status, ok },
  actors: actors.map(({ error, ...rest }) => ({ ...rest, ...(error && { error: describeFailure(error) }) })),
})

function render(verified: readonly Verified[], paint: Paint): string {
  const lines = verified.flatMap(({ record: { id, workflow }, verdict: { ok, actors } }) => [
    `${ok ? paint('green', '✔') : paint('red', '✖')} ${id}  ${workflow}  ${ok ? 'replays as it was' : 'would break'}`,
    ...actors.flatMap(one => actorLines(one, id, paint)),
  ])
  const broken = verified.filter(({ verdict }) => !verdict.ok).length
  const count = `${verified.length} run${verified.length === 1 ? '' : 's'}`
  return [...lines, `${count}, ${broken} would break`].join('\n')
}

function actorLines(
  { actor, verdict, step, error, redefined }: ActorVerdict,
  run: string,
  paint: Paint,
): readonly string[] {
  const name = actorName(actor, run)
  const versions = redefined && [redefined.from.version, redefined.to.version].filter(Boolean).join(' → ')
  const note = redefined ? `its definition is another one${versions ? ` (${versions})` : ''}` : ''
  if (verdict === 'ok') return redefined ? [`    ${name}: ${note}, and decides the same`] : []
  if (verdict === 'unknown-type') return [`    ${name}: nothing of this type is defined any more`]
  const text = printable(`${name}: step ${step ?? '?'}: ${error?.message ?? ''}`)
  return [`    ${text}`, paint('dim', `      ${printable(error?.why ?? '').slice(0, 300)}`)]
}
