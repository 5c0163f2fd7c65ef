/**
 * Compiles the repository with the compiler and settings of the release, to a place of its own: what runs
 * through a loader is not what users run, and `dist/` holds no bench.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Compiled {
  readonly folder: string
  remove(): void
}

/** Inside `node_modules`, so that the packages of the repository are found, and not those of `bench/`. */
export function compile(root: string): Compiled {
  const cache = join(root, 'node_modules', '.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'agenticraft-bench-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    tsc(root, ['-p', join('bench', 'tsconfig.json'), '--noCheck', '--outDir', folder])
    const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    // Nodes of a cluster say their version, which they look up where the release has it.
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version, type: 'module' }))
    return { folder, remove }
  } catch (error) {
    remove()
    throw error
  }
}

/** `dist/`, as `npm run build` makes it. */
export const buildDist = (root: string): void => tsc(root, ['-p', 'tsconfig.build.json'])

function tsc(root: string, args: readonly string[]): void {
  const bin = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { status, error } = spawnSync(process.execPath, [bin, ...args], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  if (error) throw error
  if (status !== 0) throw new Error(`tsc ${args.join(' ')} ended with ${status}`)
}
