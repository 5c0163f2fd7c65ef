/** What is bought in about English: stems and stop words. The only import of both libraries; used here and by research. */
import { stem } from 'porter2'
import { eng } from 'stopword'

/**
 * The stem of a lower-case word. Porter2, the "English" stemmer of Snowball (Porter and Boulton, 2001), whose later
 * exceptions ("organic", "universal") it does not have yet.
 */
export const porterStem = (word: string): string => stem(word)

/** The published list; both users add what it leaves out. */
export const ENGLISH_STOP_WORDS: readonly string[] = eng
