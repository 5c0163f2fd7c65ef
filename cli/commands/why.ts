/** `agenticraft why MESSAGE`: what led to a message, an effect or a step, and what each hop cost. */
import type { Address } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { causesOf } from '../../runtime/history/causes.ts'
import { type Hop, why as whyOf } from '../../runtime/history/why.ts'
import type { RunRecord, RunStep } from '../../runtime/runs.ts'
import type { Command, CommandContext } from '../command.ts'
import { addDataDir, type Stored, withStored } from '../data-dir.ts'
import { seconds } from '../run-progress.ts'
import { actorName, actText, takenText } from '../steps-view.ts'
import { findRun } from '../stored-runs.ts'
import { type Paint, printable } from '../terminal.ts'
import { usageText } from '../usage-text.ts'

export const why: Command = {
  name: 'why',
  summary: 'show what led to a message, an effect or a step, and what it cost',
  configure(parser) {
    parser.argument('<message>', 'id of a message or effect, or with --run the number of a step')
    parser.option('--run <run>', 'the run a step is of')
    addDataDir(parser)
  },
  run(context) {
    const [what = ''] = context.args
    const { terminal } = context
    return withStored(context, async stored => {
      const record = await runOf(stored, what, context)
      const steps = await stored.runs.steps(record.id)
      const hops = whyOf(steps, /^#?\d+$/.test(what) ? Number(what.replace('#', '')) : what)
      terminal.show(objectOf(record, hops), paint => render(record, steps, hops, paint))
      return undefined
    })
  },
}

/** The run that `--run` names, or the one whose actor the id begins with. Throws `usage`, `run-unknown`. */
async function runOf({ journal, runs }: Stored, what: string, context: CommandContext): Promise<RunRecord> {
  const { run } = context.options as { readonly run?: string }
  if (run !== undefined) return findRun(runs, run)
  const actor = what.split('.')[0] as Address
  const known = actor.includes('/') ? journal.known(actor)?.run : undefined
  if (known !== undefined) return findRun(runs, known)
  throw new RuntimeError('usage', `"${what.slice(0, 200)}" is not of a run that is kept here`, {
    fix: 'agenticraft replay RUN --json lists the ids; for a step, say --run RUN as well',
  })
}

const objectOf = ({ id, workflow }: RunRecord, hops: readonly Hop[]) => ({
  ...{ runId: id, workflow },
  hops: hops.map(({ step: { step, commit }, made, spent, spentBelow }) => ({
    ...{ step, at: commit.at, actor: commit.actor, taken: commit.taken },
    ...(made && { made: made.id, ...(made.act && { act: made.act }) }),
    ...{ spent, spentBelow },
  })),
})

function render(
  { id, workflow }: RunRecord,
  steps: readonly RunStep[],
  hops: readonly Hop[],
  paint: Paint,
): string {
  const causes = causesOf(steps)
  const began = steps[0]?.commit.at ?? 0
  const lines = hops.flatMap(({ step: { step, commit }, made, spent, spentBelow }) => {
    const [own, below] = [usageText(spent), usageText(spentBelow)]
    const cost = [own && `spent ${own}`, below && below !== own && `with all that followed: ${below}`]
    const time = `+${seconds(commit.at - began)}`
    const head = `${paint('dim', `${String(step).padStart(4)}  ${time.padEnd(8)}`)}  ${paint('bold', actorName(commit.actor, id))}`
    const costs = cost.filter(Boolean).join('; ')
    return [
      `${head}  ${cut(takenText(commit.taken, causes, id))}${costs ? paint('yellow', `  [${costs}]`) : ''}`,
      ...(made
        ? [paint('dim', `        → ${cut(made.act ? (actText(made.act, id)[0] ?? '') : '')}  ${made.id}`)]
        : []),
    ]
  })
  return [`${paint('bold', workflow)} · run ${id}`, ...lines].join('\n')
}

const WIDTH = 90

function cut(text: string): string {
  const line = printable(text).replaceAll(/\s+/g, ' ').trimEnd()
  return line.length <= WIDTH ? line : `${line.slice(0, WIDTH - 1)}…`
}
