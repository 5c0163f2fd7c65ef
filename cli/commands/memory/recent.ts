/** `agenticraft memory recent`: the last things said or done, oldest first, as a conversation. */
import type { MemoryRecord } from '../../../memory/memory.ts'
import type { Command } from '../../command.ts'
import { addNamespace, type MemoryOpener, withNamespace } from '../../memory-dir.ts'
import { boundedNumber } from '../../memory-options.ts'
import { markOf, toldText } from '../../memory-rows.ts'
import type { Paint } from '../../terminal.ts'
import { fit } from '../../text-width.ts'
import { minuteText } from '../../usage-text.ts'

export const memoryRecent = (opener: MemoryOpener): Command => ({
  name: 'recent',
  summary: 'show what was said or done last, as an agent is given it',
  configure(parser) {
    addNamespace(parser)
      .option('--limit <number>', 'how many (default: 10, at most 1000)')
      .option('--session <id>', 'only of that conversation, task or run')
      .option('--max-tokens <number>', 'only as many of the newest as have room in so many tokens')
  },
  run(context) {
    const { terminal, options } = context
    const limit = boundedNumber('--limit', options['limit'], 1_000) ?? 10
    const maxTokens = boundedNumber('--max-tokens', options['maxTokens'], 10_000_000)
    const session = options['session'] as string | undefined
    return withNamespace(opener, context, { memories: [] }, async namespace => {
      const memories = await namespace.recent({
        limit,
        ...(maxTokens !== undefined && { maxTokens }),
        ...(session !== undefined && { session }),
      })
      terminal.show({ namespace: namespace.name, memories }, paint =>
        memories.length === 0
          ? `nothing was said or done${session === undefined ? '' : ' in that session'}`
          : conversation(memories, paint, terminal.width).join('\n'),
      )
      return undefined
    })
  },
})

/** A line for each, and one wherever another session begins. */
function conversation(memories: readonly MemoryRecord[], paint: Paint, width: number): readonly string[] {
  return memories.flatMap((record, i) => {
    const { session, at } = record
    const begins = i === 0 ? session !== undefined : session !== memories[i - 1]?.session
    const head = begins
      ? [paint('dim', session === undefined ? 'of no session' : `session ${fit(session, width - 8)}`)]
      : []
    const date = minuteText(at)
    return [
      ...head,
      `${paint('dim', date)} ${markOf(record, paint)} ${toldText(record, paint, width - date.length - 3)}`,
    ]
  })
}
