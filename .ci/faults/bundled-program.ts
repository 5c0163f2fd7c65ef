/**
 * One of our programs as a single JavaScript file, so that a process of it starts in a tenth of a second: kills
 * and power cuts start thousands. The only use of esbuild. Packages stay outside and are found from where it is.
 */
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

export interface BundledProgram {
  readonly path: string
  remove(): Promise<void>
}

const CACHE = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url))

/** Bundles `entry`, a file beside this one. */
export async function bundleProgram(entry: string): Promise<BundledProgram> {
  await mkdir(CACHE, { recursive: true })
  const folder = await mkdtemp(join(CACHE, 'agenticraft-faults-'))
  const path = join(folder, 'program.mjs')
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  try {
    await build({
      entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
      outfile: path,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      packages: 'external',
      sourcemap: 'inline',
      logLevel: 'error',
    })
    // The runtime reads its version from the package.json nearest to it.
    await copyFile(new URL('../../package.json', import.meta.url), join(folder, 'package.json'))
    return { path, remove }
  } catch (error) {
    await remove()
    throw error
  }
}
