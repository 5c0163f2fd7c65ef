/**
 * The sessions of a namespace: first, last and number of their memories. Those in use are kept in memory, because
 * their newest state may be in a write that is still under way. Called by `changing.ts`; `first` and `last` by readers.
 */

export interface Session {
  first: number
  /** Number of the newest in the index. */
  last: number
  count: number
  /** Writes under way that hold it. */
  pending: number
}

export interface Sessions {
  /** By its name. Undefined: no memory is of it. */
  find(name: string): Session | undefined
  /** Begins or begins anew. */
  begin(name: string, first: number): Session
  end(name: string): void
  /** Those whose writes are done, beyond this many, leave memory. */
  trim(): void
}

const KEPT = 4_096

/** `read` gives what is on disk. */
export function sessionsOn(read: (name: string) => Uint8Array | undefined): Sessions {
  const known = new Map<string, Session>()
  return {
    find(name) {
      const kept = known.get(name)
      if (kept) return kept.count > 0 ? kept : undefined
      const stored = read(name)
      const session = stored && decodeSession(stored)
      if (session) known.set(name, session)
      return session
    },
    begin(name, first) {
      const session = known.get(name) ?? { first, last: first, count: 0, pending: 0 }
      known.set(name, Object.assign(session, { first, last: first, count: 0 }))
      return session
    },
    end(name) {
      const session = known.get(name)
      if (session) session.count = 0
    },
    trim() {
      if (known.size <= KEPT) return
      for (const [name, { pending }] of known) {
        if (pending === 0) known.delete(name)
        if (known.size <= KEPT / 2) break
      }
    },
  }
}

export function encodeSession({ first, last, count }: Session): Uint8Array {
  const bytes = new Uint8Array(12)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, first)
  view.setUint32(4, last)
  view.setUint32(8, count)
  return bytes
}

/** Undefined for bytes that are no session: it begins anew, and `verify` tells. */
export function decodeSession(bytes: Uint8Array): Session | undefined {
  if (bytes.length !== 12) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, 12)
  return { first: view.getUint32(0), last: view.getUint32(4), count: view.getUint32(8), pending: 0 }
}
