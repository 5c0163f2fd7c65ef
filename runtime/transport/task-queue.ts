/**
 * Runs tasks later, in the order given, and in bounded batches, so that a flood of messages leaves the
 * event loop time for timers and sockets. The in-process bus delivers through it. A task that throws is
 * heard by whoever runs the batch, and the tasks behind it still run.
 */

const BATCH = 1_000

/** A function that queues a task. `defer` starts a batch; tasks added during a batch wait for a later one. */
export function createTaskQueue(defer: (batch: () => void) => void): (task: () => void) => void {
  let tasks: (() => void)[] = []
  let next = 0
  let scheduled = false
  const batch = (): void => {
    const end = Math.min(next + BATCH, tasks.length)
    try {
      while (next < end) tasks[next++]?.()
    } finally {
      // Forgetting what ran only once it is half of the array keeps the cost per task constant.
      if (next * 2 >= tasks.length) {
        tasks = tasks.slice(next)
        next = 0
      }
      scheduled = tasks.length > 0
      if (scheduled) defer(batch)
    }
  }
  return task => {
    tasks.push(task)
    if (scheduled) return
    scheduled = true
    defer(batch)
  }
}
