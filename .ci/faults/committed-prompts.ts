/**
 * Which prompts to a model have answers that are committed, seen from outside: reads the logs of all partitions from the
 * broker while a cluster works, and notes when it first saw each. Used by `cluster-show.ts`.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Commit } from '../../actors/journal.ts'
import { openRecord } from '../../memory/chained-record.ts'
import { decodeCommit } from '../../memory/encoder.ts'
import { readKey } from '../../memory/journal-keys.ts'
import type { Broker } from '../../runtime/cluster/broker.ts'
import { decodeOps, readEntry } from '../../runtime/cluster/log/entry.ts'
import { journalCodec } from '../../runtime/data-directory.ts'

export interface PromptWatch {
  /** When each was seen to be answered and committed, ms since the epoch; it was so at that time. */
  readonly committed: ReadonlyMap<string, number>
  /** Looks once more, and no more. */
  stop(): Promise<void>
}

const EVERY_MS = 200
const JOURNAL = 's!journal!'

interface State {
  readonly asked: Map<string, string>
  readonly committed: Map<string, number>
  /** The first parts of entries that are larger than a message, by partition. */
  readonly parts: Map<string, Uint8Array[]>
  next: number
}

export function watchPrompts(broker: Broker, namespace: string): PromptWatch {
  const state: State = { asked: new Map(), committed: new Map(), parts: new Map(), next: 1 }
  const codec = journalCodec()
  let isOver = false
  const look = async (): Promise<void> => {
    for await (const { subject, seq, data } of broker.read(`ac.${namespace}.jrn.>`, state.next)) {
      state.next = seq + 1
      const entry = readEntry(data)
      const partition = subject.split('.')[3] ?? ''
      if (entry.kind !== 'ops') {
        state.parts.delete(partition)
        continue
      }
      const parts = [...(state.parts.get(partition) ?? []), entry.content]
      if (entry.more) state.parts.set(partition, parts)
      else {
        state.parts.delete(partition)
        for (const op of decodeOps(Buffer.concat(parts)).ops) if (op.type === 'put') note(op.key, op.value)
      }
    }
  }
  const note = (full: string, value: Uint8Array): void => {
    const key = full.startsWith(JOURNAL) ? full.slice(JOURNAL.length) : ''
    const name = readKey(key)
    if (name?.kind !== 'commit') return
    const opened = openRecord(key, value)
    const commit = 'damage' in opened ? undefined : decodeCommit(codec, opened.body, name.actor, name.seq)
    if (!commit) throw new Error(`the commit under ${key} cannot be read`)
    noteCommit(state, commit, opened)
  }
  const lives = new Map<string, string>()
  const noteCommit = ({ asked, committed }: State, commit: Commit, _: unknown): void => {
    const { actor, seq, taken } = commit
    if (taken.kind === 'init') lives.set(actor, taken.life)
    for (const [k, prompt] of startedPrompts(commit))
      asked.set(`${actor}.${lives.get(actor)}.${seq}.${k}`, prompt)
    const prompt = taken.kind === 'result' ? asked.get(taken.intent) : undefined
    if (prompt !== undefined && !committed.has(prompt)) committed.set(prompt, Date.now())
  }
  const looking = (async () => {
    while (!isOver) {
      await look()
      await sleep(EVERY_MS)
    }
    await look()
  })()
  looking.catch(() => {})
  return {
    committed: state.committed,
    async stop() {
      isOver = true
      await looking
    },
  }
}

/** What a commit asks a model, by its place among what the commit does. */
function startedPrompts({ acts }: Commit): readonly (readonly [number, string])[] {
  return acts.flatMap((act, k) => {
    if (act.act !== 'start' || act.src !== 'model') return []
    const { request } = act.input as unknown as { request: { messages: { role: string; text: string }[] } }
    return [[k, request.messages.find(({ role }) => role === 'user')?.text ?? ''] as const]
  })
}
