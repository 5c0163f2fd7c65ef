/**
 * A memory that the processes of a machine share: the same interface whether this one owns the directory or asks its
 * owner, and while the one becomes the other. Called by `open-memory.ts`.
 */
import { RuntimeError } from '../../actors/errors.ts'
import type { Imported, Memory, Namespace } from '../memory.ts'
import { forwardedCalls } from './calls.ts'
import { type Seats, seatsFrom } from './seats.ts'
import { type SharedCalls, type SharedCallsOptions, sharedCalls } from './shared-calls.ts'
import { type ExportPage, exportedLines, importLines } from './streams.ts'
import type { Seat } from './take-seat.ts'

export interface SharedMemoryOptions extends SharedCallsOptions {
  readonly dir: string
  /** Called when the memory is opened, and again when a call finds that its owner is gone. */
  readonly takeSeat: () => Promise<Seat>
  /** Throws `input-invalid` for what cannot be the name of a namespace. */
  readonly checkName: (name: string) => void
}

/** Rejects with what `takeSeat` rejects with. */
export async function sharedMemory(options: SharedMemoryOptions): Promise<Memory> {
  const { dir, takeSeat, checkName } = options
  const seats = seatsFrom(await takeSeat(), takeSeat)
  const calls = sharedCalls(seats, options)
  let closing: Promise<void> | undefined

  const whileOpen = <T>(work: () => T): T => {
    if (closing) throw closed(dir)
    return work()
  }
  const close = async (): Promise<void> => {
    await Promise.all([seats.stopServing(), calls.idle()])
    await seats.leave()
  }
  return {
    dir,
    get role() {
      return seats.now().role
    },
    namespace(name) {
      checkName(name)
      return {
        name,
        ...forwardedCalls(async (method, args) => whileOpen(() => calls.call(name, method, args))),
        export: () => whileOpen(() => exported(name, seats, calls)),
        import: async (lines, asked = {}) =>
          whileOpen(() =>
            calls.during(imported(name, lines, { seats, calls, key: asked.key, id: options.id })),
          ),
      }
    },
    namespaces: async () => whileOpen(() => calls.call('', 'namespaces', [])) as Promise<readonly string[]>,
    close() {
      closing ??= close()
      return closing
    },
  }
}

async function* exported(space: string, seats: Seats, calls: SharedCalls): ReturnType<Namespace['export']> {
  const seat = await seats.taken()
  if (seat.role === 'owner') return yield* seat.memory.namespace(space).export()
  const ask = (method: string, cursor: number | undefined) =>
    calls.callOnce(seat.connection, space, method, [cursor])
  yield* exportedLines(
    cursor => ask('export.page', cursor) as Promise<ExportPage>,
    // An owner that is gone has nothing open any more.
    cursor => ask('export.close', cursor).catch(() => undefined),
  )
}

interface Importing {
  readonly seats: Seats
  readonly calls: SharedCalls
  readonly key: string | undefined
  readonly id: () => string
}

async function imported(
  space: string,
  lines: Parameters<Namespace['import']>[0],
  { seats, calls, key, id }: Importing,
): Promise<Imported> {
  const seat = await seats.taken()
  if (seat.role === 'owner')
    return seat.memory.namespace(space).import(lines, { ...(key !== undefined && { key }) })
  const request = key ?? id()
  let pages = 0
  return importLines(lines, page => {
    const asked = { key: `${++pages} ${request}` }
    return calls.call(space, 'import', [page, asked]) as Promise<Imported>
  })
}

const closed = (dir: string): RuntimeError =>
  new RuntimeError('journal-closed', `the memory in "${dir}" is closed`, { fix: 'open it again' })
