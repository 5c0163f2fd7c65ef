/** A test's own folder, gone when the test ends. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The body of a test that is given an empty folder. */
export const inFolder = (body: (dir: string) => Promise<void>) => async (): Promise<void> => {
  const dir = await mkdtemp(join(tmpdir(), 'ac-crash-'))
  try {
    await body(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
