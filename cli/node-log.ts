/**
 * Follows a node while it serves and prints what changes: lines for people on stderr, with `--json` lines of JSON on
 * stdout. What is news is `node-news.ts`; `commands/node.ts` starts and ends the node.
 */
import { toRuntimeError } from '../actors/errors.ts'
import type { ClusterNode } from '../runtime/cluster/cluster-node.ts'
import { wantedOwner } from '../runtime/cluster/ownership/plan.ts'
import { PARTITIONS } from '../runtime/cluster/placement.ts'
import { NOTHING_SEEN, newsBetween, newsLine, type Outlook } from './node-news.ts'
import { jsonText, type Paint, printable, type Terminal } from './terminal.ts'

export interface NodeLog {
  /** Something that happened: `fields` for `--json`, a line for people. */
  tell(type: string, fields: object, line: (paint: Paint) => string): void
  /** What went wrong, and is tried again by whoever it happened to. */
  report(error: unknown): void
  /** Another node has taken this partition. */
  lost(partition: number): void
  /** Prints what changes from now on; returns how to stop. */
  follow(node: ClusterNode, monotonic: () => number): () => void
}

/** Changes that follow each other within this time make one line, */
const GATHER_MS = 250
/** but nobody waits longer than that for it. */
const LONGEST_MS = 1_000
/** The same trouble is said again after so long. */
const AGAIN_MS = 10_000

export function nodeLog(terminal: Terminal, now: () => number = Date.now): NodeLog {
  const lost = new Set<number>()
  const said = new Map<string, number>()
  const tell: NodeLog['tell'] = (type, fields, line) => {
    const at = now()
    if (terminal.json) terminal.data(jsonText({ v: 1, at, type, ...fields }))
    else terminal.message(paint => `${paint('dim', clockText(at))} ${line(paint)}`)
  }
  return {
    tell,
    report(error) {
      const { code, kind, message, why } = toRuntimeError(error, 'internal')
      const last = said.get(code + message) ?? Number.NEGATIVE_INFINITY
      if (now() - last < AGAIN_MS) return
      if (said.size > 1_000) said.clear()
      said.set(code + message, now())
      const text = printable(`${code} ${message}${why === undefined ? '' : `: ${why}`}`)
      tell('trouble', { code, kind, message, ...(why !== undefined && { why }) }, paint =>
        [paint('yellow', '!'), text].join(' '),
      )
    },
    lost: partition => void lost.add(partition),
    follow(node, monotonic) {
      let before = NOTHING_SEEN
      let timer: NodeJS.Timeout | undefined
      let since: number | undefined
      let serves = false
      const look = (): void => {
        since = undefined
        const after = outlookOf(node)
        const { ttlMs } = node.membership
        for (const news of newsBetween(before, after, { now: monotonic(), ttlMs, lost })) {
          const { type, ...fields } = news
          tell(type, fields, paint => newsLine(news, paint))
        }
        before = after
        lost.clear()
        if (serves || !servesAllOfIt(node, after)) return
        serves = true
        tell(
          'node.serving',
          { partitions: [...after.owned].sort((a, b) => a - b) },
          paint => `${paint('green', '✔')} serves its ${after.owned.size} of ${PARTITIONS} partitions`,
        )
      }
      const changed = (): void => {
        since ??= monotonic()
        clearTimeout(timer)
        timer = setTimeout(look, Math.min(GATHER_MS, Math.max(0, since + LONGEST_MS - monotonic())))
      }
      const stops = [node.membership.onChange(changed), node.ownership.onChange(changed)]
      changed()
      return () => {
        for (const stop of stops) stop()
        clearTimeout(timer)
        look()
      }
    },
  }
}

const outlookOf = ({ membership, ownership }: ClusterNode): Outlook => ({
  owned: new Set(ownership.owned().keys()),
  others: new Map(
    membership
      .members()
      .filter(({ node }) => node !== membership.node)
      .map(member => [member.node, member]),
  ),
})

/** Whether this node owns all that it should. */
function servesAllOfIt({ membership }: ClusterNode, { owned }: Outlook): boolean {
  const members = membership.members()
  const wanted = Array.from({ length: PARTITIONS }, (_, partition) => partition).filter(
    partition => wantedOwner(partition, members) === membership.node,
  )
  return wanted.length > 0 && wanted.every(partition => owned.has(partition))
}

/** UTC, to the second, without the day. */
const clockText = (at: number): string => new Date(at).toISOString().slice(11, 19)
