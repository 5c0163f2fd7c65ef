/**
 * Keeps asking an actor, whoever hosts it, and notes when answers came: how long it was not there for whoever needs
 * it. Used by `failover`.
 */
import type { Address } from '../../actors/address.ts'
import type { ClusterClient } from '../../runtime/cluster/client/cluster-client.ts'
import { pause } from './cluster.ts'

export interface Asking {
  /**
   * The longest time without an answer since `began`, ms: what was begun before counts from `began`. What has not ended
   * yet counts up to now.
   */
  silence(began: number): number
  /** Answers since `began`. */
  answersSince(began: number): number
  stop(): Promise<Tally>
}

export interface Tally {
  readonly asked: number
  /** Answers that came and were higher than all before: what was said once has not been forgotten. */
  readonly answered: number
  readonly failures: readonly unknown[]
}

/** Between an answer and the next question, ms. */
const PAUSE_MS = 25

export function keepAsking(client: ClusterClient, actor: Address): Asking {
  const answers: number[] = []
  const failures: unknown[] = []
  let asked = 0
  let answered = 0
  let highest = 0
  let isStopped = false
  const ask = async (): Promise<void> => {
    asked++
    try {
      const { n } = (await client.ask(actor, 'count.next', null)) as { readonly n: number }
      answers.push(performance.now())
      if (n > highest) answered++
      else failures.push(new Error(`${actor} answered ${n} after ${highest}`))
      highest = Math.max(highest, n)
    } catch (error) {
      failures.push(error)
    }
  }
  const loop = async (): Promise<void> => {
    while (!isStopped) {
      await ask()
      await pause(PAUSE_MS)
    }
  }
  const done = loop()
  return {
    silence: began => longestGap(answers, began, performance.now()),
    answersSince: began => answers.filter(at => at > began).length,
    async stop() {
      isStopped = true
      await done
      return { asked, answered, failures }
    },
  }
}

/** The longest time between two neighbours of `began`, those of `times` that come after it, and `now`. */
export function longestGap(times: readonly number[], began: number, now: number): number {
  let longest = 0
  let last = began
  for (const time of [...times, now]) {
    if (time < began) continue
    longest = Math.max(longest, time - last)
    last = time
  }
  return longest
}
