/**
 * The world that effects change, as a process of its own that is never killed: it notes every call, every check
 * and every undoing, and what really happened. Started by `kills.ts`; prints `ledger PORT`. It judges nothing.
 *
 * POST /call {run, job, class, key, attempt, slowMs}: the effect happens at a moment within `slowMs`, unless the
 * caller is gone before; the answer {completion} comes at the end. A key of class `idempotent` happens once.
 * POST /check {run, key}: {done, completion} · POST /undo {run, key} · GET /entries?run=R · DELETE /entries?run=R
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { machineNow } from './effect-calls.ts'
import type { LedgerCall, LedgerEntry } from './ledger-entries.ts'

const MAX_BODY = 64 * 1024

/** Entries by run, and what stands at the moment by run and key. */
const entries = new Map<string, LedgerEntry[]>()
const standing = new Set<string>()
const orders = { last: 0 }

const note = (call: Pick<LedgerCall, 'run' | 'key'>, entry: Omit<LedgerEntry, 'order' | 'key'>): number => {
  const order = ++orders.last
  const list = entries.get(call.run) ?? []
  list.push({ order, key: call.key, at: machineNow(), ...entry })
  entries.set(call.run, list)
  return order
}
const nameOf = ({ run, key }: Pick<LedgerCall, 'run' | 'key'>): string => `${run} ${key}`

async function call(asked: LedgerCall, isGone: () => boolean): Promise<{ readonly completion: number }> {
  const { job, attempt, slowMs, begun } = asked
  note(asked, { what: 'started', job, class: asked.class, attempt, ...(begun !== undefined && { begun }) })
  const before = Math.random() * slowMs
  await sleep(before)
  if (isGone()) {
    note(asked, { what: 'lost' })
    throw new Error('the caller is gone')
  }
  const again = asked.class === 'idempotent' && standing.has(nameOf(asked))
  if (!again) note(asked, { what: 'happened' })
  standing.add(nameOf(asked))
  await sleep(slowMs - before)
  return { completion: note(asked, { what: 'completed' }) }
}

function check(asked: LedgerCall): { readonly done: boolean; readonly completion: number } {
  const done = standing.has(nameOf(asked))
  return { done, completion: note(asked, { what: 'checked', done }) }
}

function undo(asked: LedgerCall): { readonly undone: boolean } {
  const undone = standing.delete(nameOf(asked))
  note(asked, { what: 'undone', done: undone })
  return { undone }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
  const url = new URL(request.url ?? '/', 'http://ledger')
  const run = url.searchParams.get('run') ?? ''
  if (request.method === 'GET') return entries.get(run) ?? []
  if (request.method === 'DELETE') return { deleted: entries.delete(run) }
  const asked = JSON.parse(await bodyOf(request)) as LedgerCall
  if (url.pathname === '/check') return check(asked)
  if (url.pathname === '/undo') return undo(asked)
  return call(asked, () => response.destroyed)
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of request.setEncoding('utf8')) {
    text += part
    if (text.length > MAX_BODY) throw new Error('the body is too large')
  }
  return text
}

const server = createServer((request, response) => {
  answer(request, response).then(
    body => response.end(JSON.stringify(body)),
    error => {
      // A caller that was killed is what this is for; whoever is still there is told.
      if (!response.destroyed) response.writeHead(500).end(String(error))
    },
  )
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`ledger ${(server.address() as AddressInfo).port}\n`)
})
