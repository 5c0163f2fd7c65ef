/** Imported before a program that must not use the network: every connection but to a unix socket ends it. */
import { Socket } from 'node:net'

const { connect } = Socket.prototype

function guarded(this: Socket, ...args: unknown[]): unknown {
  // node:net hands its own normalised arguments on as an array.
  const [first] = (Array.isArray(args[0]) ? args[0] : args) as readonly unknown[]
  const path = typeof first === 'object' && first !== null ? (first as { path?: unknown }).path : first
  if (typeof path === 'string') return Reflect.apply(connect, this, args)
  process.stderr.write('THE NETWORK WAS USED\n')
  process.exit(99)
}

Socket.prototype.connect = guarded as typeof connect
