/** What is bought in about English: stems and stop words. The only import of both libraries; used here and by research. */
import { stemmer } from 'stemmer'
import { eng } from 'stopword'

/** The stem of a lower-case word. Porter, "An algorithm for suffix stripping", Program 14(3), 1980. */
export const porterStem = (word: string): string => stemmer(word)

/** The published list; both users add what it leaves out. */
export const ENGLISH_STOP_WORDS: readonly string[] = eng
