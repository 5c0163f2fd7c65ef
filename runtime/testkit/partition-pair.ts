/** Partitions that have begun, and actors whose messages between them are easy to check. */
import type { Address } from '../../actors/address.ts'
import { type Partition, partitions } from './partitions.ts'
import { sample } from './sample-actors.ts'

export const [NEAR, FAR, THIRD] = [3, 5, 8]

/** Partitions that have begun, and one that writes to the others. */
export async function begun(world: ReturnType<typeof partitions>, ...some: readonly Partition[]) {
  for (const partition of some) partition.live()
  await Promise.all(some.map(({ runtime }) => runtime.ready))
  await world.clock.advance(0)
}

/** Two partitions that have begun, and their world. */
export const pair = async (options: Parameters<typeof partitions>[0] = {}, max = 100) => {
  const world = partitions(options)
  const [near, far] = [world.found(NEAR), world.found(FAR, { max })]
  await begun(world, near, far)
  return { ...world, world, near, far }
}

/** Notes that reached a notebook. */
export const notesIn = (partition: Partition, book: Address): unknown =>
  (partition.runtime.snapshot(book)?.context as { notes?: unknown } | undefined)?.notes

/** Tells `to` each of the bodies it is told. */
export const teller = (to: Address) =>
  sample('teller', {
    on: {
      'tell.on': {
        actions: {
          type: 'tell',
          params: ({ event }: { event: { body: unknown } }) => ({ to, type: 'note.add', body: event.body }),
        },
      },
    },
  })
