/**
 * The one place that lists files by pattern, for the tools and sources of this folder. What may be listed
 * is decided by the callers; this only sees to it that the order never depends on the disk.
 */
import { type GlobOptions, glob, isDynamicPattern } from 'tinyglobby'

/** The files that match `pattern`, with `/`, in code unit order. Ends early, with what it has, when aborted. */
export const matchingFiles = async (pattern: string, options: GlobOptions): Promise<string[]> =>
  (await glob(pattern, options)).toSorted()

/** True when `pattern` has wildcards, so that it is not simply the name of a file. */
export const isGlob = (pattern: string): boolean => isDynamicPattern(pattern)
