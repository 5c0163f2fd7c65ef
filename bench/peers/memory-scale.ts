/** The peers of `memory-scale`, at the smaller size: the larger one takes some of them hours, or more memory than there is. */
import { scaled } from '../memory-scale/scale.ts'
import type { Measured } from '../scenario.ts'

export const miniSearch = (scratch: string): Promise<Measured> => scaled('minisearch', ['100k'], scratch)
export const orama = (scratch: string): Promise<Measured> => scaled('orama', ['100k'], scratch)
export const flexSearch = (scratch: string): Promise<Measured> => scaled('flexsearch', ['100k'], scratch)
