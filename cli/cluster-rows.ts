/**
 * A picture of a cluster as lines for people. Each node has a letter, and the partitions are drawn as a strip of 64
 * cells with the letter of whoever serves them, so that one sees them move. Pure.
 */

import { partitionOf } from '../runtime/cluster/placement.ts'
import { type NodeRow, type Picture, type PlacedActor, TTL_MS } from './cluster-picture.ts'
import { partitionList } from './partition-list.ts'
import { paintedStatus } from './run-rows.ts'
import { type Paint, printable } from './terminal.ts'
import { fit, padded } from './text-width.ts'
import { countOf } from './usage-text.ts'

export type Section = 'nodes' | 'partitions' | 'actors' | 'runs' | 'mailboxes'

export const SECTIONS: readonly Section[] = ['nodes', 'partitions', 'actors', 'runs', 'mailboxes']

export interface Shown {
  readonly sections: readonly Section[]
  /** Rows of a section at most; the rest is counted. */
  readonly most: number
  readonly width: number
  /** Wall clock, for ages. */
  readonly now: number
}

const COLOURS = ['cyan', 'green', 'magenta', 'blue', 'yellow'] as const

/** The lines of the sections that the picture has. */
export function pictureLines(picture: Picture, shown: Shown, paint: Paint): readonly string[] {
  const render: Readonly<Record<Section, () => readonly string[]>> = {
    nodes: () => nodeLines(picture, paint, shown.width),
    partitions: () => partitionLines(picture, paint),
    actors: () => actorLines(picture.actors ?? [], shown, paint),
    runs: () => runLines(picture, shown, paint),
    mailboxes: () => mailboxLines(picture, shown, paint),
  }
  return [
    ...headLines(picture, paint),
    ...picture.nodes.flatMap(row => newsLines(row, picture, paint)),
    ...shown.sections.flatMap(section => ['', ...render[section]()]),
    ...silentLines(picture, paint),
  ]
}

function headLines({ namespace, nodes, owners, connected }: Picture, paint: Paint): readonly string[] {
  const there = nodes.filter(({ state }) => state !== 'gone' && state !== 'left').length
  const heard = heardNodes(nodes)
  const served = owners.filter(owner => owner !== null && heard.has(owner)).length
  const partitions = `${served} of ${owners.length} partitions served`
  return [
    `${paint('bold', 'AgentiCraft')} · cluster ${namespace} · ${countOf(there, 'node')} · ${
      served === owners.length ? partitions : paint('yellow', partitions)
    }`,
    ...(connected ? [] : [`  ${paint('red', '✖')} no connection to the server: this is what was last heard`]),
  ]
}

/** Of a node that is missed: since when, and what becomes of what it served. */
function newsLines(row: NodeRow, { nodes, owners }: Picture, paint: Paint): readonly string[] {
  const { node, state, partitions, lost = [], sinceMs = 0, restoredMs } = row
  const line = (colour: 'yellow' | 'green', mark: string, text: string): readonly string[] => [
    `  ${paint(colour, mark)} ${printable(node)} ${text}`,
  ]
  const age = ageText(sinceMs)
  if (state === 'silent' && partitions.length > 0)
    return line(
      'yellow',
      '!',
      `has not been heard of for ${age}; after ${ageText(TTL_MS)} the others take over its ${countOf(partitions.length, 'partition')}`,
    )
  if (state !== 'gone' || lost.length === 0) return []
  const heard = heardNodes(nodes)
  const again = lost.filter(partition => heard.has(owners[partition] ?? ''))
  const takers = nodes.flatMap(({ node: other }) => {
    const taken = again.filter(partition => owners[partition] === other).length
    return taken > 0 ? [`${printable(other)} (${taken})`] : []
  })
  const by = takers.length > 0 ? `: ${takers.join(', ')}` : ''
  if (restoredMs === undefined)
    return line(
      'yellow',
      '!',
      `is gone, last heard of ${age} ago; ${again.length} of its ${lost.length} partitions are taken over${by}`,
    )
  const took = `${(restoredMs / 1_000).toFixed(1)} s after its last word`
  return line(
    'green',
    '✔',
    `is gone, last heard of ${age} ago; its ${countOf(lost.length, 'partition')} were taken over ${took}${by}`,
  )
}

/** Those that were heard of just now: of what a silent one serves nobody can tell. */
const heardNodes = (nodes: readonly NodeRow[]): ReadonlySet<string> =>
  new Set(nodes.filter(({ sinceMs }) => sinceMs === undefined).map(({ node }) => node))

function nodeLines({ nodes }: Picture, paint: Paint, width: number): readonly string[] {
  if (nodes.length === 0) return ['  no nodes; start one: agenticraft node']
  const longest = Math.min(32, Math.max(8, ...nodes.map(({ node }) => node.length)))
  const head = cells(['', 'node', 'state', 'version', 'partitions', 'actors', 'runs', 'lag', 'up'], longest)
  return [
    paint('dim', fitted(head, width)),
    ...nodes.map(row => {
      const { node, index, version, partitions, taking, actors, runs, lagMs, upMs } = row
      const isAway = row.state === 'gone' || row.state === 'left'
      const serves = row.pools
        ? 'pools'
        : `${partitions.length}${taking.length > 0 ? ` +${taking.length}` : ''}`
      const figures = isAway
        ? ['', '', '', '', '']
        : [serves, String(actors), String(runs), `${Math.round(lagMs)} ms`, ageText(upMs)]
      const text = cells(
        [letterOf(index), fit(node, longest), stateText(row), fit(printable(version), 12), ...figures],
        longest,
      )
      return isAway || row.state === 'silent'
        ? paint(row.state === 'left' ? 'dim' : 'red', text)
        : paint(colourOf(index), text.slice(0, 3)) + text.slice(3)
    }),
  ]
}

const WIDTHS = [1, 0, 12, 12, 10, 7, 5, 8, 8] as const

/** The first four to the left, figures to the right. */
const cells = (texts: readonly string[], longest: number): string =>
  `  ${texts
    .map((text, at) => {
      const width = at === 1 ? longest : (WIDTHS[at] ?? 0)
      return at < 4 ? padded(text, width) : text.padStart(width)
    })
    .join('  ')}`.trimEnd()

const stateText = ({ state, sinceMs }: NodeRow): string =>
  sinceMs === undefined ? state : `${state} ${ageText(sinceMs)}`

/** For example `3s`, `4m 10s`, `2h 5m`, `3d 4h`. */
export function ageText(ms: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ] as const
  let left = Math.floor(ms / 1_000)
  const parts = units.map(([unit, length]) => {
    const many = Math.floor(left / length)
    left -= many * length
    return { unit, many }
  })
  const first = parts.findIndex(({ many }) => many > 0)
  const shown = first < 0 ? parts.slice(-1) : parts.slice(first, first + 2)
  return shown
    .filter(({ many }, at) => many > 0 || at === 0)
    .map(({ unit, many }) => `${many}${unit}`)
    .join(' ')
}

const letterOf = (index: number): string =>
  index < 26 ? String.fromCharCode(65 + index) : index < 36 ? String(index - 26) : '#'

const colourOf = (index: number) => COLOURS[index % COLOURS.length] ?? 'cyan'

function partitionLines({ nodes, owners }: Picture, paint: Paint): readonly string[] {
  const indexOf = new Map(nodes.map(({ node, index }) => [node, index]))
  const heard = heardNodes(nodes)
  const takers = new Map(nodes.flatMap(({ node, taking }) => taking.map(one => [one, node] as const)))
  const cell = (owner: string | null, partition: number): string => {
    const taker = takers.get(partition)
    if (taker !== undefined) return paint('yellow', letterOf(indexOf.get(taker) ?? 0).toLowerCase())
    if (owner === null) return paint('red', '·')
    const index = indexOf.get(owner) ?? 0
    return paint(heard.has(owner) ? colourOf(index) : 'red', letterOf(index))
  }
  const unowned = owners.flatMap((owner, partition) => (owner === null ? [partition] : []))
  return [
    paint('dim', '  partitions'),
    `  ${owners.map(cell).join('')}`,
    ...(unowned.length === 0 ? [] : [`  ${paint('red', `served by nobody: ${partitionList(unowned)}`)}`]),
  ]
}

/** Who serves what, by number. */
export const placementLines = ({ nodes }: Picture): readonly string[] =>
  nodes
    .filter(({ partitions }) => partitions.length > 0)
    .map(({ node, partitions }) => `  ${node}: ${partitionList(partitions)}`)

function actorLines(actors: readonly PlacedActor[], { most, width }: Shown, paint: Paint): readonly string[] {
  const shown = actors.slice(0, most)
  const longest = Math.min(48, Math.max(8, ...shown.map(({ address }) => address.length)))
  return [
    paint(
      'dim',
      `  ${padded(countOf(actors.length, 'actor'), longest)}  phase       waiting  partition  node`,
    ),
    ...shown.map(({ address, phase, waiting, partition, node }) => {
      const text = `  ${padded(fit(address, longest), longest)}  ${phase.padEnd(10)}  ${String(waiting).padStart(7)}  ${String(partition).padStart(9)}  ${node ?? ''}`
      return waiting > 0 ? paint('yellow', fitted(text, width)) : fitted(text, width)
    }),
    ...moreLine(actors.length - shown.length, paint),
  ]
}

function runLines({ runs = [], owners }: Picture, { most, now }: Shown, paint: Paint): readonly string[] {
  const shown = runs.slice(0, most)
  return [
    paint('dim', `  ${countOf(runs.length, 'run')}`),
    ...shown.map(run => {
      const { id, workflow, startedAt, finishedAt } = run
      const age = ageText(Math.max(0, (finishedAt ?? now) - startedAt))
      const node = owners[partitionOf(id)] ?? ''
      return `  ${id.padEnd(36)}  ${paintedStatus(run, paint, 10, true)}  ${age.padStart(8)}  ${printable(workflow)}  ${paint('dim', node)}`
    }),
    ...moreLine(runs.length - shown.length, paint),
  ]
}

function mailboxLines(
  { mailboxes = [], mailboxTrouble }: Picture,
  { most }: Shown,
  paint: Paint,
): readonly string[] {
  if (mailboxTrouble !== undefined)
    return [`  ${paint('yellow', '!')} nothing is known of mailboxes: ${printable(mailboxTrouble)}`]
  const shown = mailboxes.slice(0, most)
  const waiting = mailboxes.reduce((sum, one) => sum + one.waiting, 0)
  const head = waiting === 0 ? 'no messages wait in mailboxes' : `${countOf(waiting, 'message')} in mailboxes`
  return [
    paint('dim', `  ${head}`),
    ...shown.map(one => `  ${String(one.waiting).padStart(7)}  ${one.address}`),
    ...moreLine(mailboxes.length - shown.length, paint),
  ]
}

const moreLine = (more: number, paint: Paint): readonly string[] =>
  more > 0 ? [paint('dim', `  … and ${more.toLocaleString('en')} more`)] : []

const silentLines = ({ silent = [] }: Picture, paint: Paint): readonly string[] =>
  silent.length === 0
    ? []
    : [
        '',
        `  ${paint('yellow', '!')} no answer from partitions ${partitionList(silent)}: of these the lists show what was heard before, if anything`,
      ]

/** Cut to the width; in what is printed so a character is a cell. */
const fitted = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
