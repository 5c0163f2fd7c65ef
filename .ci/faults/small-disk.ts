/** A file system of a few megabytes that can be filled to its last byte and freed again: tmpfs, which needs root on Linux. */
import { execFileSync } from 'node:child_process'
import { mkdir, open } from 'node:fs/promises'

/** Why no disk can be mounted here, or undefined when it can. */
export const unableToMount = (): string | undefined =>
  process.platform === 'linux' && process.getuid?.() === 0
    ? undefined
    : 'it mounts file systems, which needs root on Linux'

/** Makes the folder and mounts an empty disk there. */
export async function mountDisk(dir: string, megabytes: number): Promise<void> {
  await mkdir(dir, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dir])
}

/** What is on it is gone, also if somebody still uses it. */
export const unmountDisk = (dir: string): void => void execFileSync('umount', ['-l', dir])

/** Writes a file until no byte is left. Returns when that was, by `performance.now`. */
export async function fillDisk(path: string): Promise<number> {
  const file = await open(path, 'w')
  try {
    for (const chunk of [1 << 20, 1 << 16, 1 << 12, 1]) {
      while (await fits(file.write(Buffer.alloc(chunk))));
    }
    return performance.now()
  } finally {
    await file.close()
  }
}

const fits = (written: Promise<{ readonly bytesWritten: number }>): Promise<boolean> =>
  written.then(
    ({ bytesWritten }) => bytesWritten > 0,
    error => {
      if (error.code === 'ENOSPC') return false
      throw error
    },
  )
