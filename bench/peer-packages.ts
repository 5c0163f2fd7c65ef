/**
 * The packages we measure against: installed in `bench/` on demand, from its own lock file, never part of the
 * product. `main.ts` makes sure they are there; the files of `peers/` load them.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Loads a package of `bench/node_modules`. The type is the caller's narrow view of it. */
export async function loadPeer<Module>(name: string): Promise<Module> {
  const from = pathToFileURL(join(process.cwd(), 'bench', 'from-bench.mjs')).href
  const { load } = (await import(from)) as { load: (name: string) => Promise<unknown> }
  return (await load(name)) as Module
}

/** The version of a package, as installed in `bench/` or else at the root; undefined when it is in neither. */
export function installedVersion(root: string, name: string): string | undefined {
  return versionIn(join(root, 'bench', 'node_modules', name)) ?? versionIn(join(root, 'node_modules', name))
}

export const versionIn = (folder: string): string | undefined => {
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Names of the packages that `bench/package.json` asks for and that are absent or of another version. */
export function missingPeers(root: string): readonly string[] {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'bench', 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  return Object.entries(dependencies)
    .filter(([name, version]) => versionIn(join(root, 'bench', 'node_modules', name)) !== version)
    .map(([name]) => name)
}

/** Installs what the lock file says, without running anybody's install scripts. Throws when npm fails. */
export function installPeers(root: string): void {
  const args = ['ci', '--prefix', join(root, 'bench'), '--ignore-scripts', '--no-audit', '--no-fund']
  const { status, error } = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (error) throw error
  if (status !== 0) throw new Error(`npm ${args.join(' ')} ended with ${status}`)
}
