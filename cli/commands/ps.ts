/** `agenticraft ps`: a cluster as it is now, or with `--watch` as it changes. */
import { toRuntimeError } from '../../actors/errors.ts'
import type { BriefRun } from '../../agents/cluster/run-client.ts'
import { actorsIn, type ClusterClient } from '../../runtime/cluster/client/cluster-client.ts'
import { partitionOf } from '../../runtime/cluster/placement.ts'
import { addClusterOptions, type Cluster, withCluster } from '../cluster-access.ts'
import {
  mailboxRows,
  nodeRows,
  type Picture,
  type PlacedActor,
  type Sightings,
  sighted,
} from '../cluster-picture.ts'
import { pictureLines, placementLines, SECTIONS, type Section } from '../cluster-rows.ts'
import { watchPicture } from '../cluster-watch.ts'
import type { Command, CommandContext } from '../command.ts'

type PsFlags = { readonly [S in Section]?: true } & { readonly watch?: true }

/** Rows of a section when none was asked for by name. */
const SOME = 12
/** So long a partition is waited for, ms. */
const SURVEY_MS = 1_500

export const ps: Command = {
  name: 'ps',
  summary: 'show the nodes, partitions, actors and runs of a cluster',
  endsBySignal: true,
  configure(parser) {
    parser
      .option('--watch', 'go on showing it as it changes, until Ctrl-C')
      .option('--nodes', 'the nodes')
      .option('--partitions', 'who serves which partition')
      .option('--actors', 'all actors')
      .option('--runs', 'all runs')
      .option('--mailboxes', 'messages that wait for their actors')
    addClusterOptions(parser)
  },
  run(context) {
    const flags = context.options as PsFlags
    const named = SECTIONS.filter(section => flags[section])
    const sections = named.length > 0 ? named : SECTIONS
    const most = named.length > 0 ? Number.POSITIVE_INFINITY : SOME
    return withCluster(context, async cluster => {
      const painter = await pictures(cluster, sections)
      if (flags.watch) await watchPicture({ ...painter, client: cluster.client, sections, most, context })
      else print(await painter.gather(), sections, most, context)
      return undefined
    })
  },
}

interface Pictures {
  /** With lists asked for now. */
  gather(): Promise<Picture>
  /** With the lists of the last time. */
  look(): Picture
}

async function pictures(cluster: Cluster, sections: readonly Section[]): Promise<Pictures> {
  const { client, connection } = cluster
  const { monotonic, namespace } = connection
  await client.heard
  const { mailboxStream, messagesBySubject } = await import('../../runtime/transport/nats-survey.ts')
  // Not by the broker: that makes streams where there are none, and whoever looks changes nothing.
  const mailboxes = (): Promise<ReadonlyMap<string, number>> =>
    messagesBySubject(connection.connection, mailboxStream(namespace), `ac.${namespace}.mbx.>`, SURVEY_MS)
  let sightings: Sightings = new Map()
  let lists: Lists = {}
  const look = (): Picture => {
    const now = monotonic.now()
    sightings = sighted(sightings, client.nodes(), now)
    const owners = client.owners().map(owner => owner?.node ?? null)
    const { actors, ...more } = lists
    const placed = actors?.map(actor => ({ ...actor, node: owners[actor.partition] ?? null }))
    return {
      ...{ namespace, connected: connection.isConnected(), nodes: nodeRows(sightings, now), owners },
      ...more,
      ...(placed && { actors: placed }),
    }
  }
  return {
    look,
    async gather() {
      lists = completed(await listsOf(client, mailboxes, sections), lists)
      return look()
    },
  }
}

/** With what partitions that do not answer now answered before: while they change hands, their rows stay. */
function completed(lists: Lists, before: Lists): Lists {
  const silent = new Set(lists.silent)
  const { actors, runs } = lists
  return {
    ...lists,
    ...(actors && {
      actors: [...actors, ...(before.actors ?? []).filter(({ partition }) => silent.has(partition))].sort(
        byAddress,
      ),
    }),
    ...(runs && {
      runs: [...runs, ...(before.runs ?? []).filter(({ id }) => silent.has(partitionOf(id)))].sort(
        newestFirst,
      ),
    }),
  }
}

const byAddress = (a: PlacedActor, b: PlacedActor): number => (a.address < b.address ? -1 : 1)
const newestFirst = (a: BriefRun, b: BriefRun): number => b.startedAt - a.startedAt

/** The supervisor at the root of every partition is nobody's actor. */
const OWN = /^supervisor\/root-p\d+$/

type Lists = Pick<Picture, 'actors' | 'runs' | 'mailboxes' | 'mailboxTrouble' | 'silent'>

/** One who asked for nothing else is told; of all others the rest is of use. */
const troubleIn =
  (sections: readonly Section[]) =>
  (error: unknown): string => {
    const { code, message, why = '' } = toRuntimeError(error, 'internal')
    if (sections.length === 1) throw error
    return `${code} ${message}${why === '' ? '' : `: ${why}`}`
  }

async function listsOf(
  client: ClusterClient,
  mailboxesOf: () => Promise<ReadonlyMap<string, number>>,
  sections: readonly Section[],
): Promise<Lists> {
  const survey = (section: Section, op: string) =>
    sections.includes(section) ? client.survey(op, SURVEY_MS) : undefined
  const [actors, runs, mailboxes] = await Promise.all([
    survey('actors', 'actors'),
    survey('runs', 'run.list'),
    sections.includes('mailboxes') ? mailboxesOf().then(mailboxRows).catch(troubleIn(sections)) : undefined,
  ])
  const silent = [...new Set([...(actors?.silent ?? []), ...(runs?.silent ?? [])])]
  return {
    ...(actors && {
      actors: [...actors.answers]
        .flatMap(([partition, answer]) => actorsIn(partition, answer))
        .filter(({ address }) => !OWN.test(address))
        .map(actor => ({ ...actor, node: null }))
        .sort(byAddress),
    }),
    ...(runs && {
      runs: ([...runs.answers.values()].flat() as unknown as BriefRun[]).sort(newestFirst),
    }),
    ...(mailboxes && (typeof mailboxes === 'string' ? { mailboxTrouble: mailboxes } : { mailboxes })),
    ...(silent.length > 0 && { silent }),
  }
}

function print(
  picture: Picture,
  sections: readonly Section[],
  most: number,
  { terminal }: CommandContext,
): void {
  const shown = { sections, most, width: terminal.width, now: Date.now() }
  const isPlacement = sections.length === 1 && sections[0] === 'partitions'
  terminal.show(picture, paint =>
    [...pictureLines(picture, shown, paint), ...(isPlacement ? placementLines(picture) : [])].join('\n'),
  )
}
