/**
 * Which partition an actor or a run belongs to, and which node should own a partition. Pure, and the same on every
 * node. `ownership.ts` acts on it; nothing here knows who owns a partition at the moment.
 */

/** How many partitions a namespace has. Part of the format of what is stored, as the hash is. */
export const PARTITIONS = 64

/**
 * The partition, 0 to 63, of an address (`type/id`) or of a run's id. It may never change: what is stored lies where
 * this says. FNV-1a (draft-eastlake-fnv) over the UTF-8 bytes, because it is short, known and the same in every
 * language, then the finaliser of MurmurHash3 (Appleby), because the low six bits of FNV-1a depend on the low six bits
 * of the characters only: `0` and `p` would always fall together.
 */
export const partitionOf = (key: string): number => hash(key) % PARTITIONS

/**
 * The node that should own `partition`, of `nodes`; undefined when there is none. Rendezvous hashing (Thaler and
 * Ravishankar, "Using name-based mappings to increase hit rates", 1998): the node of the highest weight. So a node
 * that comes takes only what it owns then, and of a node that goes only its own move. The order of `nodes` is no matter.
 */
export function desiredOwner(partition: number, nodes: Iterable<string>): string | undefined {
  let best: string | undefined
  let highest = -1
  for (const node of nodes) {
    const weight = weightOf(node, partition)
    if (weight < highest || (weight === highest && best !== undefined && node >= best)) continue
    best = node
    highest = weight
  }
  return best
}

/** How much a node is the one for a partition, 0 to 2^32 - 1. */
export const weightOf = (node: string, partition: number): number => hash(`${partition}/${node}`)

function hash(text: string): number {
  let state = 0x811c9dc5
  for (const byte of Buffer.from(text)) state = Math.imul(state ^ byte, 0x01000193)
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35)
  return (state ^ (state >>> 16)) >>> 0
}
