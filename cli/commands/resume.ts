/**
 * `agenticraft resume RUN`: goes on with a run whose process ended, or that waits for a person's decision; with `--nats`
 * one of a cluster.
 */
import { RuntimeError } from '../../actors/errors.ts'
import { openEffects } from '../../runtime/history/open-effects.ts'
import type { RunRecord } from '../../runtime/runs.ts'
import { isForCluster, resumeClusterRun } from '../cluster-runs.ts'
import type { Command, CommandContext } from '../command.ts'
import { addDataDir, commandLine } from '../data-dir.ts'
import { checkDecisions, readDecisions } from '../decisions.ts'
import { addLiveFlags, goOn, withRun } from '../go-on.ts'
import { addNatsOptions } from '../nats-url.ts'
import { isUnfinished } from '../stored-runs.ts'

interface ResumeFlags {
  readonly effect?: readonly string[]
}

const EFFECT = 'what became of an effect: ID=done, ID=done:JSON (its result), ID=redo or ID=skip; repeatable'

export const resume: Command = {
  name: 'resume',
  summary: 'go on with an unfinished run',
  configure(parser) {
    parser.argument('<run>', 'its id, or the beginning of it')
    parser.option('--effect <decision>', EFFECT, (one: string, all: string[] = []) => [...all, one])
    addNatsOptions(addLiveFlags(addDataDir(parser)))
  },
  async run(context) {
    const flags = context.options as ResumeFlags
    const decisions = readDecisions(flags.effect ?? [])
    if (isForCluster(context)) return resumeClusterRun(decisions, context)
    return withRun(context, async (runtime, record) => {
      checkResumable(record, context)
      checkDecisions(decisions, openEffects(await runtime.runs.steps(record.id)))
      return goOn(runtime, record, context, { decisions })
    })
  },
}

/** Throws `usage` for a run that has ended. */
function checkResumable(record: RunRecord, context: CommandContext): void {
  if (isUnfinished(record)) return
  throw new RuntimeError('usage', `run ${record.id} has ended: ${record.status}`, {
    why: 'what a run gave in the end, it gives for ever',
    fix: `look at it: ${commandLine(['replay', record.id], context)}; try another way from one of its steps: add --at STEP --fork`,
  })
}
