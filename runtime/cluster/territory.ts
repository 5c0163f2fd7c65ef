/**
 * What the decisions about ownership (`ownership.ts`) are carried out by. Types only: the real one is
 * `partition-host.ts`, tests hand in their own.
 */

/** What the log says about a partition. */
export interface Deed {
  /** 0 when nobody has ever owned it. */
  readonly epoch: number
  /** The node named by the last seal; absent when nobody ever owned it, or its owner gave it up. */
  readonly owner?: string
}

/** Who should take a partition that is given up; undefined: whoever can. */
export type Heir = () => Promise<string | undefined>

export interface Territory {
  inspect(partition: number): Promise<Deed>
  /** Gets ready what taking it needs, while another node still serves it. Rejects when that cannot be done. */
  prepare(partition: number): Promise<void>
  /** It will not be taken. */
  forgo(partition: number): Promise<void>
  /**
   * Takes a partition over from the state in `deed`, and serves it. Resolves when it is served, or with `lost` when
   * somebody else was faster. Rejects when it cannot be served; then it is owned by nobody, or sealed by this node.
   */
  take(partition: number, deed: Deed): Promise<'taken' | 'lost'>
  /** True when nothing is under way there that a hand-over now would have to do again. */
  isQuiet(partition: number): boolean
  /**
   * Stops serving it, in order, and gives it up in the log, naming who should take it. What is under way is waited for up
   * to `graceMs` while nothing new is begun; then `heir` is asked, and until it answers the partition is served.
   */
  release(partition: number, heir: Heir, graceMs: number): Promise<void>
}
