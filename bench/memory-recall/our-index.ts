/** Conversations as indexes of memories, in memory: what our subjects of `memory-recall` ask. */
import { analyseEntry } from '../../memory/recall/analyse-entry.ts'
import { createRecallIndex } from '../../memory/recall/create-recall-index.ts'
import type { RecallReader } from '../../memory/recall/recall-index.ts'
import type { Conversation } from './conversations.ts'

export interface OurIndex {
  readonly reader: RecallReader
  /** The number of the first turn of each conversation. */
  readonly firsts: ReadonlyMap<Conversation, number>
}

/** One index of all of them. */
export function ourIndex(conversations: readonly Conversation[]): OurIndex {
  const index = createRecallIndex({ analyse: analyseEntry })
  const names = new Map<string, number>()
  const firsts = new Map<Conversation, number>()
  let doc = 0
  for (const conversation of conversations) {
    const first = doc
    firsts.set(conversation, first)
    for (const { text, who, at, session } of conversation.turns) {
      if (!names.has(who)) names.set(who, names.size + 1)
      const isFirst = first + session === doc
      index.add({
        ...{ doc, text, who: names.get(who) ?? 0, whoName: who, at, session: first + session },
        ...(!isFirst && { prev: doc - 1 }),
        ...{ kind: 'episode', trust: 'untrusted', importance: 0.5 },
      })
      doc++
    }
  }
  return { reader: index, firsts }
}

/** When the questions of a conversation are asked: at its end. */
export const askedAt = ({ turns }: Conversation): number => turns.at(-1)?.at ?? 0
