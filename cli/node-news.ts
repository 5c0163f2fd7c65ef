/**
 * What a node tells about itself and the others while it serves: the differences between two looks, as data for
 * `--json` and as lines for people. Pure; `commands/node.ts` looks and prints.
 */
import type { Member } from '../runtime/cluster/membership/roster.ts'
import { partitionList } from './partition-list.ts'
import { type Paint, printable } from './terminal.ts'

/** What is looked at. */
export interface Outlook {
  readonly owned: ReadonlySet<number>
  /** The other nodes, by name. */
  readonly others: ReadonlyMap<string, Member>
}

export type NodeNews =
  | { readonly type: 'node.came'; readonly node: string; readonly version: string }
  | { readonly type: 'node.draining'; readonly node: string }
  /** It said goodbye, or was silent for too long. */
  | { readonly type: 'node.gone'; readonly node: string; readonly how: 'left' | 'silent' }
  | {
      readonly type: 'partitions.taken' | 'partitions.released' | 'partitions.lost'
      readonly partitions: readonly number[]
      /** How many are served now. */
      readonly serves: number
    }

export const NOTHING_SEEN: Outlook = { owned: new Set(), others: new Map() }

/** How somebody is gone whom nobody heard for `ttlMs` before `now`, by the clock of the members' `heardAt`. */
export interface Judgement {
  readonly now: number
  readonly ttlMs: number
  /** Partitions that another node has taken over since the last look. */
  readonly lost: ReadonlySet<number>
}

export function newsBetween(
  before: Outlook,
  after: Outlook,
  { now, ttlMs, lost }: Judgement,
): readonly NodeNews[] {
  const serves = after.owned.size
  const away = [...before.owned].filter(one => !after.owned.has(one))
  const moved = (type: 'partitions.taken' | 'partitions.released' | 'partitions.lost', which: number[]) =>
    which.length === 0 ? [] : [{ type, partitions: which.sort((a, b) => a - b), serves }]
  return [
    ...[...after.others.values()].flatMap(one => comings(before.others.get(one.node), one)),
    ...[...before.others.values()]
      .filter(({ node }) => !after.others.has(node))
      .map(({ node, heardAt }): NodeNews => {
        const how = now - heardAt >= ttlMs ? 'silent' : 'left'
        return { type: 'node.gone', node, how }
      }),
    ...moved(
      'partitions.taken',
      [...after.owned].filter(one => !before.owned.has(one)),
    ),
    ...moved(
      'partitions.lost',
      away.filter(one => lost.has(one)),
    ),
    ...moved(
      'partitions.released',
      away.filter(one => !lost.has(one)),
    ),
  ]
}

function comings(before: Member | undefined, { node, version, state, life }: Member): readonly NodeNews[] {
  if (before?.life !== life) return [{ type: 'node.came', node, version }]
  return state === 'draining' && before.state !== 'draining' ? [{ type: 'node.draining', node }] : []
}

/** One line, without its time. */
export function newsLine(news: NodeNews, paint: Paint): string {
  switch (news.type) {
    case 'node.came':
      return `${paint('green', '+')} node ${news.node} is there (version ${printable(news.version)})`
    case 'node.draining':
      return `${paint('yellow', '~')} node ${news.node} hands over and leaves`
    case 'node.gone':
      return news.how === 'left'
        ? `${paint('dim', '-')} node ${news.node} has left`
        : `${paint('red', '✖')} node ${news.node} is gone: nothing was heard of it`
    default:
      return moveLine(news.type, news.partitions, news.serves, paint)
  }
}

function moveLine(type: string, partitions: readonly number[], serves: number, paint: Paint): string {
  const verb = type.slice('partitions.'.length)
  const [colour, sign] =
    verb === 'taken'
      ? (['cyan', '»'] as const)
      : verb === 'lost'
        ? (['red', '«'] as const)
        : (['dim', '«'] as const)
  const count = partitions.length === 1 ? 'partition' : `${partitions.length} partitions:`
  const said = verb === 'taken' ? 'took' : verb
  return `${paint(colour, sign)} ${said} ${count} ${partitionList(partitions)} · serves ${serves}`
}
