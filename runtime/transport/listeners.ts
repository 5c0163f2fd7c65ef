/** Who is told of something, until they want to hear no more. Used by brokers, and by what stands in for one. */
import type { Cancel } from '../../actors/clock.ts'

/** Adds `act`, also when it is there already: each is told, and cancelled, by itself. */
export function listen(listeners: Set<() => void>, act: () => void): Cancel {
  const own = (): void => act()
  listeners.add(own)
  return () => void listeners.delete(own)
}
