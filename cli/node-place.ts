/**
 * Who a node is, and where it keeps its copies of partitions: a folder below the data directory that one process owns.
 * A node without a name takes one that is free there, so that it has the same after a restart, and makes one up when
 * none is: several nodes may be started in one folder.
 */
import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { token } from '../actors/address.ts'
import { RuntimeError } from '../actors/errors.ts'
import { type Owned, ownDirectory } from '../memory/owner.ts'

export interface NodePlace {
  readonly name: string
  readonly dir: string
  release(): Promise<void>
}

/** Owns the folder of a node. Throws `store-locked` when a node of the given name runs there, `address-invalid`. */
export async function ownNodePlace(dataDir: string, given?: string, host = hostname()): Promise<NodePlace> {
  const nodes = join(dataDir, 'nodes')
  const own = async (name: string): Promise<NodePlace> => {
    const { dir, release }: Owned = await ownDirectory(join(nodes, name))
    return { name, dir, release }
  }
  if (given !== undefined) return own(token(given, 'node name'))
  const prefix = `${host.replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, 40) || 'node'}-`
  const before = await readdir(nodes).catch(() => [])
  for (const name of before.filter(one => one.startsWith(prefix) && MADE_UP.test(one)).sort()) {
    try {
      return await own(name)
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.kind !== 'store-locked') throw error
    }
  }
  return own(`${prefix}${randomBytes(2).toString('hex')}`)
}

const MADE_UP = /-[0-9a-f]{4}$/
