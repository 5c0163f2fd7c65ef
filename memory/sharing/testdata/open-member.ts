/** A memory as the tests with several processes open it: a real store, with plain words for its ranking. */
import { randomUUID } from 'node:crypto'
import { systemClock } from '../../../runtime/clock.ts'
import { journalCodec } from '../../../runtime/data-directory.ts'
import type { Memory } from '../../memory.ts'
import { openMemory } from '../../open-memory.ts'
import { analyse, leastFirst, oneRule, plainRank } from '../../store/testdata/opened.ts'

export const openMember = (dir: string, share: 'auto' | 'never' = 'auto'): Promise<Memory> =>
  openMemory({
    dir,
    share,
    encoder: journalCodec(),
    clock: Date.now,
    timers: systemClock,
    random: Math.random,
    ids: randomUUID,
    analyse,
    rank: plainRank,
    consolidator: oneRule,
    growth: leastFirst,
  })
