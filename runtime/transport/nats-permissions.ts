/**
 * What the users of a NATS server have to be allowed so that they can be a node, a client or an operator of a cluster,
 * and nothing else. Allow-lists only: nats-server before 2.12.12 can be led past deny rules. It talks to no server.
 */
import { isToken } from '../../actors/address.ts'
import { RuntimeError } from '../../actors/errors.ts'
import { checkPattern, everyNode, nodeSubject } from '../../actors/subject.ts'
import { inboxPrefix } from './nats-options.ts'
import { logStream, mailboxStream, streamPlans } from './nats-streams.ts'

/**
 * `client`: asks, tells, starts and follows runs, sees how many letters wait. `operator`: also tells nodes to drain and
 * looks at the streams.
 */
export type NatsRole = 'node' | 'client' | 'operator'

export interface NatsPermissions {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

/**
 * `name`: the name it connects under, which is where its answers come to. Throws `usage` when it or the namespace is no
 * token.
 */
export function natsPermissions(role: NatsRole, name: string, namespace: string): NatsPermissions {
  for (const [what, value] of Object.entries({ name, cluster: namespace }))
    if (!isToken(value))
      throw new RuntimeError('usage', `the ${what} ${JSON.stringify(value)} cannot stand in a subject`, {
        fix: 'use 1 to 64 of the characters A-Z a-z 0-9 _ -',
      })
  const own = `${inboxPrefix(namespace, name)}.>`
  const { publish, subscribe } = OF_ROLE[role](namespace, name)
  return { publish, subscribe: [own, ...subscribe] }
}

const OF_ROLE: Readonly<Record<NatsRole, (namespace: string, name: string) => NatsPermissions>> = {
  node: (namespace, node) => ({
    publish: [
      nodeSubject(namespace, node, 'hb'),
      everyNode(namespace, 'hi'),
      ...below(namespace, [...AMONG_NODES, ...TOLD]),
      ...storedIn(namespace),
      // Answers go to the inbox of whoever asked. Its last token is drawn by lot, and heard by nobody else.
      `_AC.${namespace}.>`,
      ...jetStreamOfNode(namespace),
    ],
    subscribe: [
      everyNode(namespace, 'hb'),
      nodeSubject(namespace, node, 'hi'),
      nodeSubject(namespace, node, 'ctl'),
      ...below(namespace, [...AMONG_NODES, 'pool.*', 'pool.*.*', 'event.>']),
    ],
  }),
  client: namespace => ({
    publish: [...sendsOf(namespace), `$JS.API.STREAM.INFO.${mailboxStream(namespace)}`],
    subscribe: looksOf(namespace),
  }),
  operator: namespace => ({
    publish: [
      ...sendsOf(namespace),
      everyNode(namespace, 'ctl'),
      '$JS.API.INFO',
      `$JS.API.STREAM.INFO.${logStream(namespace)}`,
      `$JS.API.STREAM.INFO.${mailboxStream(namespace)}`,
    ],
    subscribe: looksOf(namespace),
  }),
}

const below = (namespace: string, rest: readonly string[]): readonly string[] =>
  rest.map(tokens => checkPattern(`ac.${namespace}.${tokens}`))

/** Partitions with their receipts, the runtimes of partitions, the owners of memories, the shares of shared rates. */
const AMONG_NODES = ['part.*', 'part.*.receipt', 'agent.node.*', 'memory.*', 'limit']
/** What actors publish, and what is told of a run that somebody follows. */
const TOLD = ['event.>', 'run.*']
/** What the streams keep. It is read through JetStream, not by subscribing. */
function storedIn(namespace: string): readonly string[] {
  const { log, mailboxes } = streamPlans({ namespace })
  return [...log.settings.subjects, ...mailboxes.settings.subjects]
}

/** Asks, those of pools with the desks where their answers are come for, and letters (`natsPostbox`). */
const sendsOf = (namespace: string): readonly string[] => [
  ...below(namespace, ['part.*', 'pool.*', 'pool.*.*', 'memory.*']),
  ...streamPlans({ namespace }).mailboxes.settings.subjects,
]

const looksOf = (namespace: string): readonly string[] => [
  everyNode(namespace, 'hb'),
  ...below(namespace, TOLD),
]

/**
 * Exactly the calls that `nats-broker*.ts` makes. Acknowledgements in the form that names the stream first: a pattern for
 * the longer form of domains would allow those of foreign streams.
 */
function jetStreamOfNode(namespace: string): readonly string[] {
  const [log, mailboxes] = [logStream(namespace), mailboxStream(namespace)]
  const both = (verb: string, rest = ''): readonly string[] =>
    [log, mailboxes].map(stream => `$JS.API.${verb}.${stream}${rest}`)
  return [
    ...both('STREAM.INFO'),
    ...both('STREAM.CREATE'),
    ...both('STREAM.UPDATE'),
    `$JS.API.STREAM.MSG.GET.${log}`,
    `$JS.API.STREAM.PURGE.${log}`,
    ...both('CONSUMER.CREATE', '.>'),
    ...both('CONSUMER.DELETE', '.*'),
    ...both('CONSUMER.MSG.NEXT', '.*'),
    `$JS.API.CONSUMER.NAMES.${mailboxes}`,
    `$JS.API.STREAM.MSG.DELETE.${mailboxes}`,
  ]
}
