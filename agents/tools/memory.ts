/**
 * The tools by which a model uses a memory by itself: `memory_search` and `memory_save`. They reach one namespace and
 * no other; which one is not the model's to choose. What is found is marked as untrusted, and so is what is saved,
 * unless whoever gives the tools says otherwise: a model may have read anything before it saves.
 */
import { z } from 'zod'
import type { Trust } from '../../memory/memory.ts'
import { resolveContinuation } from '../memory/continuation.ts'
import { clipped, dayText } from '../memory/quoted.ts'
import type { NodeNamespace } from '../memory/spawn-memory.ts'
import { defineTool, type Tool } from '../tool.ts'

export interface MemoryToolsOptions {
  /** Least trust of what is found. Default: all. */
  readonly minTrust?: Trust
  /** Of what is saved. Default `untrusted`. */
  readonly saveAs?: Exclude<Trust, 'trusted'>
  /** Absolute ms: what "yesterday" is seen from. Default: the clock of the machine. */
  now?(): number
}

export type MemoryToolSpace = (options: {
  readonly signal: AbortSignal
}) => Pick<NodeNamespace, 'recall' | 'remember'>

const search = z.object({
  query: z
    .string()
    .trim()
    .min(1)
    .max(2_000)
    .describe('what to look for, in words; times such as "last week" are understood'),
  limit: z.number().int().min(1).max(20).default(5),
})
const found = z.object({
  memories: z.array(
    z.object({
      id: z.string(),
      kind: z.string(),
      text: z.string(),
      said_by: z.string().optional(),
      on: z.string(),
      trust: z.string(),
      source: z.string().optional(),
    }),
  ),
})
const save = z.object({
  text: z
    .string()
    .trim()
    .min(1)
    .max(8_000)
    .describe('one thing to remember, in a full sentence with names and dates'),
  importance: z.number().min(0).max(1).default(0.5),
})

const MOST_TEXT = 2_000

/** `memory_search`. Its calls throw what the memory throws. */
export function memorySearchTool(
  space: MemoryToolSpace,
  { minTrust, now = Date.now }: MemoryToolsOptions = {},
) {
  return defineTool<z.infer<typeof search>, z.infer<typeof found>>({
    name: 'memory_search',
    description:
      'Looks up what is known from earlier work and conversations: what was said, by whom, and when.',
    input: search,
    output: found,
    effect: 'pure',
    capability: 'memory.read',
    untrusted: true,
    async run({ query, limit }, { signal }) {
      const { query: words, since, until } = resolveContinuation(query, now())
      const options = { limit, ...(minTrust && { minTrust }) }
      const reach = space({ signal })
      const asked = words === '' ? query : words
      const named =
        since === undefined || until === undefined
          ? []
          : await reach.recall(asked, { ...options, since, until })
      const hits = named.length > 0 ? named : await reach.recall(asked, options)
      return {
        memories: hits.map(({ id, kind, text, who, at, trust, source }) => ({
          id,
          kind,
          text: clipped(text, MOST_TEXT),
          ...(who !== undefined && { said_by: who }),
          on: dayText(at),
          trust,
          ...(source !== undefined && { source }),
        })),
      }
    },
  })
}

/** `memory_save`. Its calls throw what the memory throws. */
export function memorySaveTool(space: MemoryToolSpace, { saveAs = 'untrusted' }: MemoryToolsOptions = {}) {
  return defineTool<z.infer<typeof save>, { readonly id: string }>({
    name: 'memory_save',
    description: 'Remembers one thing for later work. Use it for lasting facts, preferences and decisions.',
    input: save,
    output: z.object({ id: z.string() }),
    effect: 'idempotent',
    capability: 'memory.write',
    async run({ text, importance }, { signal, key, run, actor }) {
      const who = actor.split('/')[0] ?? actor
      const memory = { text, importance, who, trust: saveAs, session: run ?? actor }
      return { id: await space({ signal }).remember(memory, { key }) }
    },
  })
}

/** Both, for the memory of an agent that wants them. */
export function memoryTools(
  { tools: wanted, space, minTrust }: { tools: boolean; space: MemoryToolSpace; minTrust?: Trust },
  now: () => number,
): readonly Tool[] {
  if (!wanted) return []
  const tools = [memorySearchTool(space, { now, ...(minTrust && { minTrust }) }), memorySaveTool(space)]
  return tools as unknown as readonly Tool[]
}
