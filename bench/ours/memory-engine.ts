/** A memory on disk, as `memory-scale` uses it: everything by the calls that users make. */
import { join } from 'node:path'
import { openMemory } from '../../runtime/open-memory.ts'
import { type Engine, LIMIT } from '../memory-scale/engine.ts'

const NAMESPACE = 'talk'

export const memoryEngine: Engine = {
  async write(folder) {
    const memory = await openMemory({ dir: join(folder, 'memory') })
    const talk = memory.namespace(NAMESPACE)
    return {
      add: async turns => void (await talk.rememberAll(turns)),
      addOne: async turn => void (await talk.remember(turn)),
      close: () => memory.close(),
    }
  },
  async open(folder) {
    const memory = await openMemory({ dir: join(folder, 'memory') })
    const talk = memory.namespace(NAMESPACE)
    return {
      ask: async question => (await talk.recall(question, { limit: LIMIT })).length,
      close: () => memory.close(),
    }
  },
}
