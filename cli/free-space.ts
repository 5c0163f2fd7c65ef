/** How much room a disk has. */
import { statfs } from 'node:fs/promises'

/** What this user can store on the disk of a folder before it is full. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}
