/** Does what a message of a client asks, with the memory of this process. Called by the owner's end of a connection. */
import { RuntimeError } from '../../actors/errors.ts'
import type { Plain } from '../../actors/plain.ts'
import type { RequestOptions } from '../memory.ts'
import { isCall, type OwnedMemory, runCall } from './calls.ts'
import type { CallMessage } from './messages.ts'
import { exportDesk } from './streams.ts'

export interface MessageRunner {
  /** Throws what the memory throws, and `message-unhandled` for a method that is not served. */
  run(message: CallMessage): Promise<unknown>
  /** Lets go of what the client left open. */
  close(): Promise<void>
}

/** For one client of `memory`, who may read `exports` exports at a time. */
export function messageRunner(memory: OwnedMemory, exports: number): MessageRunner {
  const desk = exportDesk(exports)
  const run = ([, , space, method, args]: CallMessage): unknown => {
    if (method === 'namespaces') return memory.namespaces()
    if (isCall(method)) return runCall(memory.namespace(space), method, args)
    if (method === 'import') return memory.namespace(space).import(linesOf(args[0]), optionsOf(args[1]))
    if (method === 'export.page') return desk.page(memory.namespace(space), args[0])
    if (method === 'export.close') return desk.close(args[0])
    throw unserved(method)
  }
  return { run: async message => run(message), close: () => desk.closeAll() }
}

function linesOf(value: Plain | undefined): readonly string[] {
  if (Array.isArray(value) && value.every(line => typeof line === 'string')) return value
  throw new RuntimeError('input-invalid', 'an import consists of lines of text')
}

/** What is wrong with them the store says. */
const optionsOf = (value: Plain | undefined): RequestOptions => (value ?? {}) as RequestOptions

const unserved = (method: string): RuntimeError =>
  new RuntimeError('message-unhandled', `the owner of the memory cannot do "${method.slice(0, 80)}"`, {
    why: 'it runs another version of this software',
    fix: 'restart it with this version',
  })
