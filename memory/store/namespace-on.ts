/** A namespace as its callers have it: every call opens it first, if need be. Called by `open-store.ts`. */
import type { Namespace } from '../memory.ts'
import { verify } from './checking.ts'
import { apply, consolidate, pending } from './consolidating.ts'
import { facts, history } from './facts.ts'
import { forget } from './forgetting.ts'
import { checkedNamespace } from './input.ts'
import type { OpenSpaces } from './open-spaces.ts'
import { get, list, recent } from './reading.ts'
import { recall } from './recalling.ts'
import type { Space } from './space.ts'
import { stats } from './stats.ts'
import { exportLines, importLines } from './transfer.ts'
import { update } from './updating.ts'
import { rememberAll } from './writing.ts'

/** Throws `input-invalid` for a bad name. `purge` is of the whole directory. */
export function namespaceOn(spaces: OpenSpaces, given: string, purge: Namespace['purge']): Namespace {
  const name = checkedNamespace(given)
  const use = <T>(work: (space: Space) => Promise<T> | T): Promise<T> => spaces.use(name, work)
  return {
    name,
    remember: async (memory, options) => {
      const [id] = await use(space => rememberAll(space, [memory], options))
      return id ?? ''
    },
    rememberAll: (memories, options) => use(space => rememberAll(space, memories, options)),
    get: id => use(space => get(space, id)),
    list: options => use(space => list(space, options)),
    recent: options => use(space => recent(space, options)),
    recall: (query, options) => use(space => recall(space, query, options)),
    facts: (subject, options) => use(space => facts(space, subject, options)),
    history: factId => use(space => history(space, factId)),
    consolidate: options => use(space => consolidate(space, options)),
    pending: options => use(space => pending(space, options)),
    apply: (proposal, seen) => use(space => apply(space, proposal, seen)),
    update: (id, patch) => use(space => update(space, id, patch)),
    forget: (what, options) => use(space => forget(space, what, options)),
    purge,
    export: () => exportLines(use),
    import: (lines, options) => importLines(use, lines, options),
    stats: () => use(stats),
    verify: () => use(verify),
  }
}
