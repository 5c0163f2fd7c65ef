/**
 * The network between a node and its broker: a TCP proxy on the loopback interface that can be cut, in one direction
 * or both, made slow, or broken off. Used by `cluster-nodes.ts`. It needs neither root nor a kernel module; what it
 * cannot do is lose single packets, which TCP hides anyway: a cut holds bytes back, as a network does that comes back.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/**
 * `whole` · `slow`: everything takes longer each way · `cut`: nothing gets through, also no new connection, and nobody
 * is told · `deaf`: the node hears nothing, what it says gets through · `mute`: the other way round · `refused`:
 * connections are broken off, and new ones refused.
 */
export type LinkState = 'whole' | 'slow' | 'cut' | 'deaf' | 'mute' | 'refused'

export interface Link {
  readonly port: number
  readonly state: LinkState
  /** What was held back arrives when that direction is open again. `delayMs` is for `slow`. */
  set(state: LinkState, delayMs?: number): void
  close(): Promise<void>
}

/** One direction of a connection. */
interface Lane {
  readonly from: Socket
  readonly to: Socket
  /** From the node to the broker. */
  readonly isOut: boolean
  /** What is under way, with the time at which it arrives. */
  readonly queue: { readonly due: number; readonly chunk: Buffer }[]
}

interface Wire {
  readonly lanes: readonly [Lane, Lane]
  readonly sockets: readonly [Socket, Socket]
}

interface State {
  now: LinkState
  delayMs: number
  readonly target: number
  readonly wires: Set<Wire>
  /** Connections that were begun during a cut. */
  readonly waiting: Set<Socket>
}

/** Leads to `target`, a port of this machine. */
export async function openLink(target: number): Promise<Link> {
  const link: State = { now: 'whole', delayMs: 0, target, wires: new Set(), waiting: new Set() }
  const server = createServer(socket => accept(link, socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    get state() {
      return link.now
    },
    set: (state, delayMs = 0) => change(link, state, delayMs),
    async close() {
      for (const { sockets } of [...link.wires]) for (const socket of sockets) socket.destroy()
      for (const socket of link.waiting) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const holds = ({ now }: State, isOut: boolean): boolean =>
  now === 'cut' || (now === 'deaf' && !isOut) || (now === 'mute' && isOut)

function accept(link: State, socket: Socket): void {
  socket.on('error', () => socket.destroy())
  if (link.now === 'refused') socket.resetAndDestroy()
  else if (link.now === 'cut') {
    link.waiting.add(socket)
    socket.pause().on('close', () => link.waiting.delete(socket))
  } else lay(link, socket)
}

/** A connection of the node, and the one that goes on to the broker. */
function lay(link: State, near: Socket): void {
  const far = connect(link.target, '127.0.0.1')
  const lanes: Wire['lanes'] = [
    { from: near, to: far, isOut: true, queue: [] },
    { from: far, to: near, isOut: false, queue: [] },
  ]
  const wire: Wire = { lanes, sockets: [near, far] }
  link.wires.add(wire)
  const end = (): void => {
    link.wires.delete(wire)
    for (const socket of wire.sockets) socket.destroy()
  }
  for (const socket of wire.sockets) socket.setNoDelay(true).on('error', end).on('close', end)
  for (const lane of lanes) {
    lane.from.on('data', chunk => send(link, lane, chunk))
    lane.from[holds(link, lane.isOut) ? 'pause' : 'resume']()
  }
}

/** In order, also when it becomes faster meanwhile. */
function send(link: State, lane: Lane, chunk: Buffer): void {
  const now = performance.now()
  const due = Math.max(lane.queue.at(-1)?.due ?? 0, link.now === 'slow' ? now + link.delayMs : 0)
  if (due <= now && lane.queue.length === 0) return void (lane.to.destroyed || lane.to.write(chunk))
  lane.queue.push({ due, chunk })
  if (lane.queue.length === 1) setTimeout(arrive, due - now, lane)
}

function arrive(lane: Lane): void {
  const now = performance.now()
  while (lane.queue[0] && lane.queue[0].due <= now + 1) {
    const { chunk } = lane.queue.shift() ?? { chunk: '' }
    if (!lane.to.destroyed) lane.to.write(chunk)
  }
  const [next] = lane.queue
  if (next && !lane.to.destroyed) setTimeout(arrive, next.due - now, lane)
}

function change(link: State, state: LinkState, delayMs: number): void {
  link.now = state
  link.delayMs = delayMs
  if (state === 'refused') {
    for (const { sockets } of [...link.wires]) for (const socket of sockets) socket.resetAndDestroy()
    for (const socket of link.waiting) socket.resetAndDestroy()
  }
  for (const { lanes } of link.wires) {
    for (const { from, isOut } of lanes) from[holds(link, isOut) ? 'pause' : 'resume']()
  }
  if (state === 'cut') return
  for (const socket of [...link.waiting]) {
    link.waiting.delete(socket)
    if (!socket.destroyed) lay(link, socket)
  }
}
