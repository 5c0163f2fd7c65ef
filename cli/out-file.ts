/**
 * The file that `--out` names: refused before any work when it cannot be written, and never a reason to lose
 * a result that is already there.
 */
import { access, constants, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { RuntimeError } from '../actors/errors.ts'
import type { Terminal } from './terminal.ts'

/** Throws `output-unwritable` for a path that cannot be written, as far as that can be told beforehand. */
export async function refuseUnwritable(path: string): Promise<void> {
  const existing = await stat(path).catch(() => undefined)
  if (existing?.isDirectory()) throw unwritable(path, 'it is a folder', 'name a file in it')
  try {
    await access(existing ? path : dirname(path), constants.W_OK)
    if (!existing && !(await stat(dirname(path))).isDirectory()) throw new Error('its folder is a file')
  } catch (cause) {
    const why = existing ? 'it is protected against writing' : 'its folder does not exist or is not writable'
    throw unwritable(path, why, 'create the folder, or choose another file with --out', cause)
  }
}

const unwritable = (path: string, why: string, fix: string, cause?: unknown): RuntimeError =>
  new RuntimeError('output-unwritable', `"${path}" cannot be written`, { why, fix, cause })

/**
 * Writes the result. The work is done and paid for: when the file cannot be written after all, the result goes
 * to stdout, and `output-unwritable` is thrown.
 */
export async function writeOut(path: string, text: string, terminal: Terminal): Promise<void> {
  try {
    await writeFile(path, text.endsWith('\n') ? text : `${text}\n`)
  } catch (cause) {
    terminal.data(text)
    throw unwritable(
      path,
      'writing failed; the result was printed instead',
      'free the disk or the file',
      cause,
    )
  }
}
