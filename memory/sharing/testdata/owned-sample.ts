/** `joinMemory` over real sockets and a real owner's lock, with a sample memory in place of a store. */
import { systemClock } from '../../../runtime/clock.ts'
import type { Memory } from '../../memory.ts'
import { ownDirectory } from '../../owner.ts'
import { type JoinOptions, joinMemory } from '../join-memory.ts'
import { codec } from './ends.ts'
import { emptyShelf, type SampleMemory, type Shelf, sampleMemory } from './sample-memory.ts'

/** A process on `dir`; `shelf` stands for what is in its files. */
export function joinSample(
  dir: string,
  options: Partial<JoinOptions> & {
    readonly shelf?: Shelf
    readonly before?: (method: string) => unknown
  } = {},
): Promise<Memory> {
  const { shelf = emptyShelf(), before, ...others } = options
  let ids = 0
  return joinMemory({
    dir,
    async open(path): Promise<SampleMemory> {
      const owned = await ownDirectory(path)
      const memory = sampleMemory(shelf, before)
      return {
        ...memory,
        async close() {
          await memory.close()
          await owned.release()
        },
      }
    },
    checkName: () => {},
    encoder: codec,
    clock: systemClock,
    random: Math.random,
    id: () => `${process.pid}-${Math.random()}-${++ids}`,
    ...others,
  })
}
