/** `agenticraft memory consolidate`: draws facts and insights from what was said. */
import type { Consolidated, Namespace } from '../../../memory/memory.ts'
import type { Command, CommandContext } from '../../command.ts'
import { addNamespace, type MemoryOpener, memoryLine, withNamespace } from '../../memory-dir.ts'
import { boundedNumber } from '../../memory-options.ts'
import { fit } from '../../text-width.ts'
import { countOf } from '../../usage-text.ts'

export const memoryConsolidate = (opener: MemoryOpener): Command => ({
  name: 'consolidate',
  summary: 'draw facts and insights from what was said and not looked at yet',
  configure(parser) {
    addNamespace(parser).option('--limit <number>', 'at most so many of what waits (default: all)')
  },
  run(context) {
    const { terminal, options } = context
    const limit = boundedNumber('--limit', options['limit'], 1_000_000)
    return withNamespace(opener, context, NOTHING, async namespace => {
      const done = await consolidateAll(namespace, limit, context)
      terminal.show({ namespace: namespace.name, ...done }, textOf(done))
      if (done.facts > 0)
        terminal.message(paint => `  ${paint('dim', 'the facts:')} ${memoryLine(['facts'], context)}`)
      return undefined
    })
  },
})

const NOTHING: Consolidated = { episodes: 0, facts: 0, insights: 0, ended: 0, dropped: 0, by: '', waiting: 0 }

/** Until nothing waits, `limit` is reached, or a round looks at nothing. */
async function consolidateAll(
  namespace: Namespace,
  limit: number | undefined,
  { terminal, signal }: CommandContext,
): Promise<Consolidated> {
  let done = NOTHING
  for (;;) {
    signal.throwIfAborted()
    const left = limit === undefined ? undefined : limit - done.episodes
    const round = await namespace.consolidate(left === undefined ? {} : { limit: left })
    done = sum(done, round)
    const isOver =
      round.waiting === 0 || round.episodes === 0 || (limit !== undefined && done.episodes >= limit)
    if (isOver) return done
    terminal.message(
      `  ${done.episodes.toLocaleString('en')} looked at, ${done.waiting.toLocaleString('en')} wait`,
    )
  }
}

const sum = (one: Consolidated, other: Consolidated): Consolidated => ({
  episodes: one.episodes + other.episodes,
  facts: one.facts + other.facts,
  insights: one.insights + other.insights,
  ended: one.ended + other.ended,
  dropped: one.dropped + other.dropped,
  by: other.by,
  waiting: other.waiting,
})

function textOf({ episodes, facts, insights, ended, dropped, by, waiting }: Consolidated): string {
  if (episodes === 0 && waiting === 0 && dropped === 0) return 'nothing waits to be consolidated'
  const extractive = by === 'extraction' ? ' (extractive: no language model)' : ''
  return [
    `${countOf(episodes, 'episode')} looked at, by ${fit(by)}${extractive}`,
    `  ${countOf(facts, 'new fact')}, ${countOf(insights, 'new insight')}`,
    ...(ended > 0 ? [`  ${countOf(ended, 'older fact')} ended by newer ones`] : []),
    ...(dropped > 0 ? [`  ${countOf(dropped, 'memory', 'memories')} let go, as the growth policy says`] : []),
    ...(waiting > 0 ? [`  ${countOf(waiting, 'episode')} still waiting`] : []),
  ].join('\n')
}
