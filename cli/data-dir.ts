/**
 * Where runs are kept: the folder that `--data-dir` names, `.agenticraft` in the working folder by default. Used by
 * every command that starts or reads a run; whether its journal is sound is the journal's own business.
 */

import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { RuntimeError } from '../actors/errors.ts'
import type { Journal } from '../actors/journal.ts'
import { inMemoryJournal } from '../memory/in-memory-journal.ts'
import { createRuntime, type Runtime } from '../runtime/create-runtime.ts'
import { journalDirectory, openDataDirectory } from '../runtime/data-directory.ts'
import { systemHost } from '../runtime/host.ts'
import { packageVersion } from '../runtime/package-version.ts'
import { runsOf } from '../runtime/run-store.ts'
import type { Runs } from '../runtime/runs.ts'
import type { CommandContext, Parser } from './command.ts'

const DEFAULT = '.agenticraft'

export interface Stored {
  readonly journal: Journal
  readonly runs: Runs
}

type Place = Pick<CommandContext, 'cwd' | 'options'>

export const addDataDir = (parser: Parser, what = 'where runs are kept'): Parser =>
  parser.option('--data-dir <folder>', `${what} (default: ${DEFAULT} in the working folder)`)

export const dataDirOf = ({ cwd, options }: Place): string =>
  resolve(cwd, String(options['dataDir'] ?? DEFAULT))

/** Makes the folder if it is not there: for this user alone, and invisible to git. Throws `store-failed`. */
export async function prepareDataDir(dir: string): Promise<void> {
  try {
    const made = await mkdir(dir, { recursive: true, mode: 0o700 })
    // Only in a folder of our own making: one that was there may be anybody's.
    if (made !== undefined) await writeFile(join(dir, '.gitignore'), '*\n', { flag: 'wx' })
  } catch (cause) {
    throw new RuntimeError('store-failed', `"${dir}" cannot be used as a data directory`, {
      why: cause instanceof Error ? cause.message : String(cause),
      fix: 'name another folder with --data-dir, or keep nothing with --ephemeral',
      cause,
    })
  }
}

/** True when something was ever kept there. */
export async function holdsJournal(dir: string): Promise<boolean> {
  const found = await stat(journalDirectory(dir)).catch(() => undefined)
  return found?.isDirectory() ?? false
}

/**
 * Opens what is kept, for reading and for changes of records, without starting a runtime. Where nothing was ever
 * kept, nothing is made. Throws as opening the journal does.
 */
export async function withStored<T>(context: Place, body: (stored: Stored) => Promise<T>): Promise<T> {
  const dir = dataDirOf(context)
  const { clock } = systemHost()
  if (!(await holdsJournal(dir))) {
    const journal = inMemoryJournal()
    return body({ journal, runs: runsOf(journal, clock, packageVersion()) })
  }
  const { journal, opened } = openDataDirectory(dir)
  try {
    await opened.catch(refuse)
    return await body({ journal, runs: runsOf(journal, clock, packageVersion()) })
  } finally {
    await journal.close()
  }
}

/** A runtime on what is kept; without `dir`, one that keeps nothing. Throws as opening the journal does. */
export async function openRuntime(dir: string | undefined): Promise<Runtime> {
  const runtime = createRuntime(dir === undefined ? {} : { dataDir: dir })
  try {
    await runtime.ready
    return runtime
  } catch (error) {
    await runtime.stop()
    return refuse(error)
  }
}

/** What `work` comes to; that another process holds the data directory is said with what can be done about it. */
export const explained = <T>(work: () => Promise<T>): Promise<T> => work().catch(refuse)

/** The same error, with what can be done about it here. */
function refuse(thrown: unknown): never {
  if (!(thrown instanceof RuntimeError) || thrown.kind !== 'store-locked') throw thrown
  const { pid } = (thrown.details ?? {}) as { readonly pid?: number }
  throw new RuntimeError('store-locked', thrown.message, {
    why: 'another process runs or reads runs there, and a data directory has one owner at a time',
    fix: `wait until it is done, stop it${pid === undefined ? '' : ` (kill ${pid}: its run can be resumed)`}, or name another folder with --data-dir`,
    cause: thrown,
    ...(thrown.details && { details: thrown.details }),
  })
}

/** A command line of ours that works on the same runs, ready to be typed. */
export function commandLine(words: readonly string[], { options }: Pick<Place, 'options'>): string {
  const { dataDir, cwd } = options as { readonly dataDir?: string; readonly cwd?: string }
  const where = [
    ...(cwd === undefined ? [] : ['--cwd', cwd]),
    ...(dataDir === undefined ? [] : ['--data-dir', dataDir]),
  ]
  return ['agenticraft', ...words, ...where].map(quoted).join(' ')
}

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
