/**
 * One of our programs as a single JavaScript file, so that a process of it starts in a tenth of a second: kills
 * and power cuts start thousands. The only use of esbuild. Packages stay outside and are found from where it is.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

export interface BundledProgram {
  readonly path: string
  remove(): Promise<void>
}

/** The same program as another version of it. */
export interface OtherBuild {
  /** The package's version, of its numbers now. */
  readonly version: (now: readonly [major: number, minor: number, patch: number]) => string
  /** Modules by their path, and what stands in their place: that one may import the module itself. */
  readonly exchanged: Readonly<Record<string, string>>
}

const CACHE = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url))

/** Bundles `entry`, a file beside this one, as it is or as another build of it. */
export async function bundleProgram(entry: string, other?: OtherBuild): Promise<BundledProgram> {
  await mkdir(CACHE, { recursive: true })
  const folder = await mkdtemp(join(CACHE, 'agenticraft-faults-'))
  const path = join(folder, 'program.mjs')
  const left = new Set(Object.keys(other?.exchanged ?? {}))
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
      ...(other && { plugins: [exchanging(other.exchanged, left)] }),
    })
    if (left.size > 0) throw new Error(`nobody imports ${[...left].join(', ')}: it cannot be exchanged`)
    // The runtime reads its version from the package.json nearest to it.
    const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
    const own = JSON.parse(text) as { readonly version: string }
    const [major = 0, minor = 0, patch = 0] = own.version.split('.').map(part => Number.parseInt(part, 10))
    const version = other?.version([major, minor, patch]) ?? own.version
    await writeFile(join(folder, 'package.json'), JSON.stringify({ ...own, version }))
    return { path, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Imports of some modules lead to others, except from those. */
const exchanging = (exchanged: OtherBuild['exchanged'], left: Set<string>): Plugin => ({
  name: 'exchanging',
  setup(building) {
    building.onResolve({ filter: /^\.\.?\// }, ({ path, importer }) => {
      const asked = resolve(dirname(importer), path)
      const other = exchanged[asked]
      if (other === undefined || other === importer) return undefined
      left.delete(asked)
      return { path: other }
    })
  },
})
