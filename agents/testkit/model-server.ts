/**
 * A real HTTP server that speaks OpenAI's chat completions (streamed and whole) on 127.0.0.1, for tests and
 * benchmarks. The test decides every answer; faults of providers and networks are injected per request. It
 * is not a model: it never makes up an answer.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ChatBody, type Completion, completionOf, completionText, streamEvents } from './chat-wire.ts'

export interface Fault {
  /** Waits before the answer starts, ms. */
  readonly delayMs?: number
  /** Waits before every streamed event, ms. */
  readonly trickleMs?: number
  /** Answers with this error status instead. */
  readonly status?: number
  /** The Retry-After header of an error status: seconds, or an HTTP date. */
  readonly retryAfter?: number | string
  /** The error object of an error status; the default says only that it was injected. */
  readonly error?: Readonly<Record<string, unknown>>
  /** Breaks the JSON of the body, or of a streamed event. */
  readonly malformed?: true
  /** Wraps the answer in an array: valid JSON that fits no schema with an object at its root. */
  readonly invalid?: true
  /** Accepts the request and never answers. */
  readonly hang?: true
  /** Destroys the socket in the middle of the answer. */
  readonly cut?: true
}

export interface LogEntry {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly model: string
  readonly messages: ChatBody['messages']
  /** The whole request body. */
  readonly body: ChatBody
  /** The Authorization header as received. */
  readonly authorization: string | undefined
  readonly fault: Fault | undefined
  /** The status sent; null while nothing was sent. */
  status: number | null
  /** True when the connection ended before the answer did, and the server had not cut it. */
  aborted: boolean
}

export interface ModelServerOptions {
  /** The answer to the n-th completion, n from 0. What it throws becomes a 500 with its message. */
  respond(body: ChatBody, n: number): Completion | Promise<Completion>
  /** The faults of the first requests, one each; an empty object is no fault. */
  readonly faults?: readonly Fault[]
}

export interface ModelServer {
  /** The base URL, ending in /v1. */
  readonly url: string
  readonly log: readonly Readonly<LogEntry>[]
  /** Appends faults for the requests to come, one each. */
  next(...faults: readonly Fault[]): void
  /** Ends at once: open connections are destroyed. */
  close(): Promise<void>
}

const MAX_BODY = 16 * 1024 * 1024

/** Starts the server on a free port. */
export async function startModelServer({ respond, faults = [] }: ModelServerOptions): Promise<ModelServer> {
  const log: LogEntry[] = []
  const queue: Fault[] = [...faults]
  const stopping = new AbortController()
  const server = createServer((request, response) => {
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const signal = AbortSignal.any([gone.signal, stopping.signal])
    answer(request, response, signal).catch((fault: unknown) => {
      if (!signal.aborted) sendError(response, 500, { message: String(fault) })
    })
  })

  async function answer(request: IncomingMessage, response: ServerResponse, signal: AbortSignal) {
    if (request.method !== 'POST' || request.url !== '/v1/chat/completions') {
      return sendError(response, 404, { message: `no such endpoint: ${request.method} ${request.url}` })
    }
    const body = await readBody(request)
    const n = log.length
    const fault = queue.shift()
    const { authorization } = request.headers
    const { model, messages } = body
    const entry: LogEntry = {
      at: Date.now(),
      model,
      messages,
      body,
      authorization,
      fault,
      status: null,
      aborted: false,
    }
    log.push(entry)
    response.on('close', () => {
      entry.aborted = !response.writableFinished && !fault?.cut && !stopping.signal.aborted
      entry.status = response.headersSent ? response.statusCode : null
    })
    if (fault?.delayMs) await sleep(fault.delayMs, undefined, { signal })
    if (fault?.hang) return
    if (fault?.status) return sendFault(response, fault.status, fault)
    const completion = completionOf(body, await respond(body, n), n, fault?.invalid === true)
    const pieces = body.stream ? streamEvents(completion) : [completionText(completion)]
    response.setHeader('content-type', body.stream ? 'text/event-stream' : 'application/json')
    await send(response, broken(pieces, fault), fault, signal)
    entry.status = response.statusCode
  }

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    log,
    next: (...more) => void queue.push(...more),
    close: () =>
      new Promise(resolve => {
        stopping.abort()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** `pieces` as the fault wants them: the middle one torn, or nothing after the middle. */
function broken(pieces: readonly string[], fault: Fault | undefined): readonly string[] {
  const middle = Math.floor(pieces.length / 2)
  const torn = (piece: string) => piece.trimEnd().slice(0, Math.ceil(piece.length / 2))
  if (fault?.cut) return [...pieces.slice(0, middle), torn(pieces[middle] ?? '')]
  if (!fault?.malformed) return pieces
  return pieces.map((piece, i) => (i === middle ? `${torn(piece)}\n\n` : piece))
}

async function send(
  response: ServerResponse,
  pieces: readonly string[],
  fault: Fault | undefined,
  signal: AbortSignal,
): Promise<void> {
  for (const piece of pieces) {
    if (fault?.trickleMs) await sleep(fault.trickleMs, undefined, { signal })
    if (signal.aborted) return
    response.write(piece)
  }
  if (!fault?.cut) return void response.end()
  // The pieces must be on their way first, or the client sees no answer at all instead of half of one.
  await new Promise<void>(resolve => response.write('', () => resolve()))
  await new Promise(resolve => setImmediate(resolve))
  response.destroy()
}

function sendFault(response: ServerResponse, status: number, { retryAfter, error }: Fault): void {
  if (retryAfter !== undefined) response.setHeader('retry-after', String(retryAfter))
  sendError(response, status, error ?? { message: `injected fault ${status}`, type: 'injected_fault' })
}

function sendError(response: ServerResponse, status: number, error: Readonly<Record<string, unknown>>): void {
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ error }))
}

async function readBody(request: IncomingMessage): Promise<ChatBody> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY) throw new Error(`the request is larger than ${MAX_BODY} bytes`)
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as ChatBody
}
