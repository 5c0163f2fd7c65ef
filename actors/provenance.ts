/** Where an actor comes from: enough, with a behaviour of its type, to start it again from its journal. */
import type { Address } from './address.ts'
import type { EffectPolicy, RestartType } from './strategy.ts'

export interface Provenance {
  readonly supervisor?: Address
  readonly restart: RestartType
  readonly policy: EffectPolicy
  /** The run whose history this actor's is. */
  readonly run?: string
  /** Id of the machine, hash of its definition, and the version its author gave it. */
  readonly machine: string
  readonly definition: string
  readonly version?: string
  /** Version of this software that wrote the first commit. */
  readonly runtime: string
}
