/**
 * The version of what `analyse-entry.ts` makes of a text. To be raised by one with every change of the words, their
 * stems, families and classes, or the flags: segments of another version are not used, and the store makes the index
 * anew from its memories. The stemmer's version is therefore exact in `package.json`.
 */
export const ANALYSIS_VERSION = 2
