/** The types of which a node can start actors by name: for other actors, and from their records. */
import type { Behaviour } from '../actors/behaviour.ts'
import { RuntimeError } from '../actors/errors.ts'

export class KnownTypes {
  readonly #behaviours = new Map<string, Behaviour>()

  get(type: string): Behaviour | undefined {
    return this.#behaviours.get(type)
  }

  names(): readonly string[] {
    return [...this.#behaviours.keys()]
  }

  has(behaviour: Behaviour): boolean {
    return this.#behaviours.get(behaviour.type) === behaviour
  }

  /** Throws `definition-invalid` for two of one name. */
  register(behaviour: Behaviour): void {
    const known = this.#behaviours.get(behaviour.type)
    if (known && known !== behaviour) {
      throw new RuntimeError(
        'definition-invalid',
        `another behaviour is registered as "${behaviour.type}" already`,
      )
    }
    this.#behaviours.set(behaviour.type, behaviour)
  }
}
