/**
 * What a scenario is: one measurement, our subject and the peers it is measured beside. Scenarios are data;
 * `main.ts` lists them, `rounds.ts` runs them, `subject-process.ts` loads the one subject a process is for.
 */

export interface Metric {
  readonly name: string
  readonly unit: string
  readonly better: 'lower' | 'higher'
}

/** What one process found out about its subject. */
export interface Measured {
  /** By the name of a metric; a subject may lack one that makes no sense for it. */
  readonly values: Readonly<Record<string, number>>
  /** Answers that should have come. */
  readonly asked: number
  /** Answers that came and were right. */
  readonly answered: number
}

/**
 * `scratch`: an empty folder on the disk of the repository, which goes when the process has ended. `tell`: for what
 * takes long, what is known so far; it counts when the process is ended before it is done.
 */
export type Measure = (scratch: string, tell: (soFar: Measured) => void) => Promise<Measured>

/** What a process sends home: what it measured, or why its subject cannot be measured on this machine. */
export type Found = Measured | { readonly unavailable: string }

/** A word of a process that is not done. */
export interface SoFar {
  readonly soFar: Measured
}

/** Thrown by a subject that lacks something here (a server, a platform). A fault of its own is any other error. */
export class Unavailable extends Error {}

export interface Subject {
  readonly name: string
  /** Its version is shown. A package of `bench/package.json`, or of the repository itself. */
  readonly package: string
  /** The oldest Node it runs on, when that is newer than ours. It gets one from `node-binary.ts`. */
  readonly needsNode?: number
  /** Loaded only in the process that measures it. */
  load(): Promise<Measure>
}

export interface Scenario {
  readonly name: string
  readonly summary: string
  readonly metrics: readonly Metric[]
  readonly ours: Subject
  readonly peers: readonly Subject[]
  /** Processes per subject, interleaved. */
  readonly rounds: number
  readonly nodeOptions?: readonly string[]
  /** How long one process may take. Default three minutes. */
  readonly limitMs?: number
  /** The built command line is measured: `dist/` must be of this source. */
  readonly needsDist?: true
  /** It measures a file of the user's, named with `--data`. */
  readonly needsData?: true
}

/** Ours first. */
export const subjectsOf = ({ ours, peers }: Scenario): readonly Subject[] => [ours, ...peers]
