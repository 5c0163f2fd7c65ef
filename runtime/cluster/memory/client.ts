/**
 * The memory of a cluster, for its nodes and for programs outside: the interface of `memory/memory.ts`, each namespace
 * asked of the node that owns it. It keeps nothing, and waits out the seconds in which a namespace changes hands.
 */
import type { Host } from '../../../actors/clock.ts'
import { RuntimeError } from '../../../actors/errors.ts'
import type { Plain } from '../../../actors/plain.ts'
import { partitionSubject } from '../../../actors/subject.ts'
import type { Imported, Memory, Namespace } from '../../../memory/memory.ts'
import { forwardedCalls, withRequestKey } from '../../../memory/sharing/calls.ts'
import { SHARING_LIMITS } from '../../../memory/sharing/limits.ts'
import { encodedCall, full, tooLarge } from '../../../memory/sharing/shared-calls.ts'
import { type ExportPage, exportedLines, importLines } from '../../../memory/sharing/streams.ts'
import { checkedNamespace } from '../../../memory/store/input.ts'
import { journalCodec } from '../../data-directory.ts'
import { PARTITIONS } from '../placement.ts'
import type { Requests } from '../requests.ts'
import { type OwnerAnswer, ownerCaller } from './call.ts'
import { MOST_BYTES } from './visit.ts'

export interface ClusterMemoryOptions {
  readonly requests: Requests
  readonly namespace: string
  readonly host: Pick<Host, 'clock' | 'id'>
  /** How long a call waits while nobody owns what it asks, ms. Default 15,000. */
  readonly patienceMs?: number
}

const PATIENCE_MS = 15_000

/**
 * Its calls throw what the owner's memory throws, and besides `partition-unowned`, `mailbox-full`, `codec-too-large` for
 * more than 8 MiB there or back, and `store-failed` when one owner after another ended under a call.
 */
export function clusterMemory(options: ClusterMemoryOptions): Memory {
  const { requests, namespace, host, patienceMs = PATIENCE_MS } = options
  const encoder = journalCodec()
  const reach = ownerCaller({ ...options, clock: host.clock, client: host.id(), patienceMs })
  const line = waitingLine()
  let isClosed = false

  const ask = async (
    space: string,
    method: string,
    args: readonly unknown[],
    only?: number,
  ): Promise<OwnerAnswer> => {
    if (isClosed) throw closed(namespace)
    const keyed = withRequestKey(method, args, () => host.id()) as readonly Plain[]
    // Now, and not when it is sent: its caller may change what it handed over.
    const message = encodedCall(encoder, ['call', 1, space, method, keyed])
    if (message.length > MOST_BYTES) throw tooLarge(message.length, MOST_BYTES)
    const call = { space, id: host.id(), message, ...(only !== undefined && { only }) }
    return line.through(message.length, () => reach(call))
  }
  const call = async (space: string, method: string, args: readonly unknown[]): Promise<unknown> =>
    encoder.decode((await ask(space, method, args)).bytes) ?? undefined
  const namesIn = async (partition: number): Promise<readonly string[]> => {
    const subject = partitionSubject(namespace, partition)
    const names = await requests.persist(subject, { op: 'memory.names' }, { timeoutMs: patienceMs })
    return Array.isArray(names) ? (names as readonly string[]) : []
  }

  return {
    dir: `cluster/${namespace}`,
    role: 'client',
    namespace(name) {
      checkedNamespace(name)
      return {
        name,
        ...forwardedCalls((method, args) => call(name, method, args)),
        export: () => exported(encoder, (method, cursor, only) => ask(name, method, [cursor ?? null], only)),
        import: (lines, { key = host.id() } = {}) => imported(lines, key, args => call(name, 'import', args)),
      }
    },
    async namespaces() {
      if (isClosed) throw closed(namespace)
      const names = await Promise.all(Array.from({ length: PARTITIONS }, (_, at) => namesIn(at)))
      return names.flat().sort((a, b) => (a < b ? -1 : 1))
    },
    async close() {
      isClosed = true
      await line.empty()
    },
  }
}

type AskPage = (method: string, cursor: number | undefined, only?: number) => Promise<OwnerAnswer>

/** Page by page from the owner it began with, and no other. */
async function* exported(
  encoder: ReturnType<typeof journalCodec>,
  ask: AskPage,
): ReturnType<Namespace['export']> {
  let epoch: number | undefined
  const page = async (cursor: number | undefined): Promise<ExportPage> => {
    const answer = await ask('export.page', cursor, epoch)
    epoch = answer.epoch
    return encoder.decode(answer.bytes) as unknown as ExportPage
  }
  // An owner that is gone has nothing open any more.
  yield* exportedLines(page, cursor => ask('export.close', cursor, epoch).catch(() => undefined))
}

function imported(
  lines: Parameters<Namespace['import']>[0],
  key: string,
  send: (args: readonly unknown[]) => Promise<unknown>,
): Promise<Imported> {
  let pages = 0
  return importLines(lines, page => send([page, { key: `${++pages} ${key}` }]) as Promise<Imported>)
}

interface WaitingLine {
  /** Does `work` when it is its turn. Throws `mailbox-full` when too much waits. */
  through<T>(bytes: number, work: () => Promise<T>): Promise<T>
  /** Resolves when nothing is under way. */
  empty(): Promise<void>
}

function waitingLine(): WaitingLine {
  const { inFlight, waiting: most, waitingBytes } = SHARING_LIMITS
  const waiting: (() => void)[] = []
  const all = new Set<Promise<unknown>>()
  let underWay = 0
  let bytes = 0
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    if (underWay >= inFlight) await new Promise<void>(resolve => void waiting.push(resolve))
    else underWay++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else underWay--
    }
  }
  return {
    async through(size, work) {
      if (all.size >= most || bytes + size > waitingBytes) throw full({ calls: all.size, bytes })
      bytes += size
      const done = inTurn(work)
      all.add(done)
      try {
        return await done
      } finally {
        all.delete(done)
        bytes -= size
      }
    },
    async empty() {
      while (all.size > 0) await Promise.allSettled(all)
    },
  }
}

const closed = (namespace: string): RuntimeError =>
  new RuntimeError('journal-closed', `the memory of the cluster "${namespace}" is closed`, {
    fix: 'open it again',
  })
