/** The one place where runtime events reach their observers. Free when there are none. */
import type { EventSink, RuntimeEvent } from '../actors/events.ts'

export type EventListener = (event: RuntimeEvent) => void

export interface Events extends EventSink {
  /** Calls `listener` for every event from now on. Returns how to stop. */
  subscribe(listener: EventListener): () => void
}

/** A listener that throws never breaks an actor: `report` gets its error, apart from the actor's own work. */
export function createEvents(report: (error: unknown) => void): Events {
  const listeners = new Set<EventListener>()
  const events = {
    on: false,
    emit(event: RuntimeEvent): void {
      for (const listener of listeners) {
        try {
          listener(event)
        } catch (error) {
          queueMicrotask(() => report(error))
        }
      }
    },
    subscribe(listener: EventListener): () => void {
      const own = (event: RuntimeEvent): void => listener(event)
      listeners.add(own)
      events.on = true
      return () => {
        listeners.delete(own)
        events.on = listeners.size > 0
      }
    },
  }
  return events
}
