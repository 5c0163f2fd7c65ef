/**
 * What a fault injection is: one kind of fault, made many times, and what became of what had been promised.
 * `cases.ts` lists them, `main.ts` runs them, `report.ts` writes `docs/faults.md` from their results.
 */

export interface FaultOptions {
  /** How many faults to inject. */
  readonly count: number
  readonly seed: number
  /** Told how far it is, a line at a time. */
  readonly say: (line: string) => void
}

export interface Tally {
  /** Faults that were injected. */
  readonly faults: number
  /** Things that were acknowledged and are gone. */
  readonly lost: number
  /** Committed effects that were made again. Absent where the fault cannot cause that. */
  readonly repeated?: number
  /** Damage that nobody was told of. Absent where the fault damages nothing. */
  readonly undetected?: number
  /** What else was counted, by its name in words. */
  readonly figures: Readonly<Record<string, number>>
  /** Everything that should not have been, at most 20 of them. Empty when every promise was kept. */
  readonly problems: readonly string[]
}

export interface FaultCase {
  readonly name: string
  readonly title: string
  /** How the fault is made and what is compared afterwards: a paragraph of Markdown. */
  readonly how: string
  /** How many faults a full run injects. */
  readonly count: number
  /** Why it cannot run here, or undefined when it can. */
  readonly unable?: () => string | undefined
  run(options: FaultOptions): Promise<Tally>
}

/** Lines told at most once per tenth of the whole. */
export function progressOf(options: FaultOptions, noun: string): (done: number) => void {
  const step = Math.max(1, Math.floor(options.count / 10))
  return done => {
    if (done % step === 0 || done === options.count) options.say(`${done} of ${options.count} ${noun}`)
  }
}
