/**
 * The package as its users get it: built, packed and installed in an empty project. `tarball.int.test.ts` and
 * `examples.int.test.ts` call it. It builds in a folder of its own, so that `dist/` stays as it is.
 */
import { type ExecFileException, execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Ran {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export interface PackedFile {
  readonly path: string
  readonly size: number
}

export interface Packed {
  /** What was packed, as a folder. */
  readonly stage: string
  readonly tarball: string
  readonly bytes: number
  readonly files: readonly PackedFile[]
  /** An ESM project with the tarball installed. */
  readonly project: string
  /** Runs a command in the project. Never throws for its exit code. */
  inProject(command: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>
  remove(): void
}

const ROOT = resolve(import.meta.dirname, '..')

/** Packs the repository and installs it, with `also` beside it, scripts off. */
export async function packAndInstall(also: readonly string[] = []): Promise<Packed> {
  const folder = mkdtempSync(join(lonelyFolder(), 'agenticraft-packed-'))
  const [stage, project] = [join(folder, 'stage'), join(folder, 'project')]
  mkdirSync(join(stage, 'cli'), { recursive: true })
  mkdirSync(project)
  await build(join(stage, 'dist'))
  for (const entry of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'docs', 'cli/bin', 'agents']) {
    // Sources as well: that they are left out is for the list of files in package.json to see to.
    if (existsSync(join(ROOT, entry))) cpSync(join(ROOT, entry), join(stage, entry), { recursive: true })
  }
  const packing = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]
  const [{ filename, size, files }] = JSON.parse((await run('npm', packing, { cwd: stage })).stdout) as [
    { filename: string; size: number; files: PackedFile[] },
  ]
  const tarball = join(folder, filename)
  writeFileSync(join(project, 'package.json'), '{ "name": "embedder", "private": true, "type": "module" }')
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  await run('npm', ['install', ...quiet, tarball, ...also], { cwd: project })
  return {
    stage,
    tarball,
    bytes: size,
    files,
    project,
    inProject: (command, args, env) => inFolder(project, command, args, env),
    remove: () => rmSync(folder, { recursive: true }),
  }
}

/** The compiler of this repository. */
export const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')

const build = (outDir: string) =>
  run(process.execPath, [TSC, '-p', 'tsconfig.build.json', '--outDir', outDir], { cwd: ROOT })

/** A temporary folder where no `node_modules` above it could lend a package that is missing. */
function lonelyFolder(): string {
  const isLonely = (path: string): boolean =>
    !existsSync(join(path, 'node_modules')) && (dirname(path) === path || isLonely(dirname(path)))
  const found = [tmpdir(), '/var/tmp', '/dev/shm'].find(path => existsSync(path) && isLonely(path))
  if (found === undefined) throw new Error('every temporary folder stands below a node_modules')
  return found
}

async function inFolder(
  cwd: string,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const { NODE_OPTIONS: _, NODE_PATH: __, ...inherited } = process.env
  try {
    return { status: 0, ...(await run(command, [...args], { cwd, env: { ...inherited, ...env } })) }
  } catch (thrown) {
    const { code, stdout = '', stderr = '' } = thrown as ExecFileException
    return { status: typeof code === 'number' ? code : 1, stdout, stderr }
  }
}
