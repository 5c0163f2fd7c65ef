/** `agenticraft nats status`: the server and the cluster on it, as somebody who only looks sees them. */
import { RuntimeError } from '../../../actors/errors.ts'
import { logStream, mailboxStream } from '../../../runtime/transport/nats-streams.ts'
import type { JetStreamAccount, StreamState } from '../../../runtime/transport/nats-survey.ts'
import { addClusterOptions, type Cluster, withCluster } from '../../cluster-access.ts'
import type { Command } from '../../command.ts'
import { EXIT } from '../../failure.ts'
import { advisoriesOf, canSync, type NatsAdvisory } from '../../nats-advisories.ts'
import { type Paint, printable } from '../../terminal.ts'
import { bytesText, countOf } from '../../usage-text.ts'

const ASK_MS = 3_000

/** What could not be found out, and why. */
interface Unknown {
  readonly unknown: string
}

interface Status {
  readonly server: {
    readonly url: string
    readonly version: string
    readonly id: string
    readonly name: string
  }
  readonly cluster: string
  readonly jetStream: JetStreamAccount | Unknown
  readonly streams: readonly (StreamState & { readonly share: number })[] | Unknown
  /** How many mailboxes hold something, and how much in all. */
  readonly mailboxes: { readonly waiting: number; readonly messages: number } | Unknown
  readonly nodes: readonly {
    readonly node: string
    readonly version: string
    readonly state: string
    readonly partitions: number
  }[]
  readonly advisories: readonly NatsAdvisory[]
  /** What a power cut of the server may cost. */
  readonly durability: string
}

export const natsStatus: Command = {
  name: 'status',
  summary: 'show the server, what it keeps for a cluster, and who is there',
  configure: parser => void addClusterOptions(parser),
  run: context =>
    withCluster(context, async cluster => {
      const status = await statusOf(cluster)
      context.terminal.show(status, paint => textOf(status, paint))
      return 'unknown' in status.jetStream && !isForbidden(status.jetStream) ? EXIT.unavailable : EXIT.ok
    }),
}

async function statusOf({ connection, client, shown }: Cluster): Promise<Status> {
  const survey = await import('../../../runtime/transport/nats-survey.ts')
  const { connection: nats, namespace } = connection
  const boxes = mailboxStream(namespace)
  const [jetStream, streams, mailboxes] = await Promise.all([
    known(survey.jetStreamAccount(nats, ASK_MS)),
    known(Promise.all([logStream(namespace), boxes].map(name => survey.streamState(nats, name, ASK_MS)))),
    known(survey.messagesBySubject(nats, boxes, `ac.${namespace}.mbx.>`, ASK_MS)),
    client.heard,
  ])
  const { version, id } = nats.server
  return {
    server: { url: shown, version, id, name: nats.nc.info?.server_name ?? '' },
    cluster: namespace,
    jetStream,
    streams: 'unknown' in streams ? streams : streams.flatMap(found => (found ? [withShare(found)] : [])),
    mailboxes:
      'unknown' in mailboxes
        ? mailboxes
        : {
            waiting: mailboxes.size,
            messages: [...mailboxes.values()].reduce((sum, count) => sum + count, 0),
          },
    nodes: client.nodes().map(({ node, version: own, state, partitions }) => ({
      node,
      version: own,
      state,
      partitions: partitions.size,
    })),
    advisories: advisoriesOf(version),
    durability: canSync(version)
      ? 'a power cut of the server may cost what it confirmed in the last seconds, up to its sync_interval (default 2 minutes, "always" for none)'
      : 'a power cut of the server may cost what it confirmed in the last minute; nats-server before 2.10 cannot be told to wait for its disk',
  }
}

const withShare = (stream: StreamState) => ({
  ...stream,
  share: stream.maxBytes > 0 ? stream.bytes / stream.maxBytes : 0,
})

const FORBIDDEN = 'not allowed for this user'
const isForbidden = ({ unknown }: Unknown): boolean => unknown === FORBIDDEN

/** A server that answers half of the questions is still worth showing; that is what status is for. */
function known<T extends object>(answer: Promise<T>): Promise<T | Unknown> {
  return answer.catch(error => {
    if (!(error instanceof RuntimeError) || error.kind !== 'broker-unavailable') throw error
    const isRefused = error.details?.['subject'] !== undefined && error.details['trouble'] === undefined
    return { unknown: isRefused ? FORBIDDEN : `${error.message}${error.why ? `: ${error.why}` : ''}` }
  })
}

function textOf(status: Status, paint: Paint): string {
  const { server, cluster, jetStream, streams, mailboxes, nodes, advisories, durability } = status
  const unknown = ({ unknown: why }: Unknown): string => paint('red', printable(why))
  const line = (label: string, text: string): string => `  ${paint('dim', label.padEnd(11))} ${text}`
  return [
    paint('bold', `nats-server ${printable(server.version)} at ${printable(server.url)}`),
    line('JetStream', 'unknown' in jetStream ? unknown(jetStream) : accountText(jetStream)),
    line('advisories', advisoryText(advisories)),
    line('durability', durability),
    '',
    paint('bold', `Cluster ${cluster}`),
    ...('unknown' in streams
      ? [line('streams', unknown(streams))]
      : streams.length === 0
        ? [line('streams', 'none yet: no node has ever been there')]
        : streams.map(stream =>
            line(stream.name === logStream(cluster) ? 'log' : 'mailboxes', streamText(stream)),
          )),
    line(
      'waiting',
      'unknown' in mailboxes
        ? unknown(mailboxes)
        : `${countOf(mailboxes.messages, 'message')} in ${countOf(mailboxes.waiting, 'mailbox', 'mailboxes')}`,
    ),
    line('nodes', nodes.length === 0 ? 'none' : ''),
    ...nodes.map(({ node, version, state, partitions }) =>
      printable(`    ${node}  ${version}  ${state}  ${countOf(partitions, 'partition')}`),
    ),
  ]
    .map(text => text.trimEnd())
    .join('\n')
}

const limitText = (limit: number, text: (of: number) => string): string =>
  limit < 0 ? '' : ` of ${text(limit)}`

const accountText = ({ storage, streams, consumers, limits }: JetStreamAccount): string =>
  [
    `on: ${bytesText(storage)}${limitText(limits.storage, bytesText)}`,
    `${countOf(streams, 'stream')}${limitText(limits.streams, String)}`,
    `${countOf(consumers, 'consumer')}${limitText(limits.consumers, String)}`,
  ].join(', ')

const streamText = ({ messages, bytes, maxBytes, share, replicas }: ReturnType<typeof withShare>): string =>
  `${countOf(messages, 'message')}, ${bytesText(bytes)} of ${bytesText(maxBytes)} (${(share * 100).toFixed(1)} %), ${countOf(replicas, 'copy', 'copies')}`

const advisoryText = (advisories: readonly NatsAdvisory[]): string =>
  advisories.length === 0
    ? 'none known'
    : `${advisories.length} known for this version, each of some feature (--json lists them)`
