/**
 * Who follows runs of one partition: what happens in these is passed on for a while, and the runtime is listened to only
 * while there is such a run. Called by `run-host.ts`, which knows what runs there are.
 */
import type { Cancel } from '../../actors/clock.ts'
import type { RuntimeEvent } from '../../actors/events.ts'
import type { Runtime } from '../../runtime/create-runtime.ts'

export interface RunFollowers {
  /** Passes on what happens in that run for another while. */
  add(run: string, untilMs: number): void
  stop(): void
}

/** No more at a time: whoever follows another is told of the run's end all the same, when it looks. */
const MOST = 10_000
/** Between two looks whether somebody still follows, ms. */
const LOOK_MS = 1_000

export function runFollowers(
  { events, host: { clock } }: Pick<Runtime, 'events' | 'host'>,
  tell: (run: string, event: RuntimeEvent) => void,
): RunFollowers {
  /** Until when, absolute ms; who was added last comes last. */
  const followed = new Map<string, number>()
  let stopListening: (() => void) | undefined
  let cancelLook: Cancel | undefined

  const hear = (event: RuntimeEvent): void => {
    const run = 'run' in event ? event.run : undefined
    const until = run === undefined ? undefined : followed.get(run)
    if (run !== undefined && until !== undefined && until >= clock.now()) tell(run, event)
  }
  /** Lets go of those whose time is over, oldest first. */
  const sweep = (): void => {
    for (const [run, until] of followed) {
      if (until >= clock.now() && followed.size <= MOST) return
      followed.delete(run)
    }
  }
  /** Nobody listens in vain, also when nothing ever happens in the runs that were followed. */
  const look = (): void => {
    sweep()
    if (followed.size === 0) stop()
    else cancelLook = clock.at(clock.now() + LOOK_MS, look)
  }
  const stop = (): void => {
    followed.clear()
    cancelLook?.()
    cancelLook = undefined
    stopListening?.()
    stopListening = undefined
  }

  return {
    add(run, untilMs) {
      followed.delete(run)
      followed.set(run, untilMs)
      stopListening ??= events.subscribe(hear)
      sweep()
      cancelLook ??= clock.at(clock.now() + LOOK_MS, look)
    },
    stop,
  }
}
