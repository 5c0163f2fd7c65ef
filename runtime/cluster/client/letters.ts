/** The letters of a cluster that nobody took, as somebody outside sees them: gathered from all its partitions. */
import { toRuntimeError } from '../../../actors/errors.ts'
import type { LetterRow, ShownLetter } from '../letter-operations.ts'
import { PARTITIONS } from '../placement.ts'
import { isPassing } from '../requests.ts'
import type { ClusterClient } from './cluster-client.ts'

export interface ClusterLetter extends LetterRow {
  readonly partition: number
}

export interface FoundLetters {
  /** Oldest first. */
  readonly letters: readonly ClusterLetter[]
  /** Partitions that nobody serves at the moment. */
  readonly silent: readonly number[]
  /** Partitions of nodes whose version cannot tell. */
  readonly older: readonly number[]
}

export interface LetterClient {
  /** Waits for partitions that change hands. Throws what partitions throw, other than that they are away. */
  list(): Promise<FoundLetters>
  /** Throws `dead-letter-unknown`, `partition-unowned`. */
  show(letter: ClusterLetter): Promise<ShownLetter & ClusterLetter>
  /** Sends it again, or delivers it if it can be read by now. Throws as `show`, and `envelope-invalid` if it cannot. */
  retry(letter: ClusterLetter): Promise<void>
  /** Forgets it. Throws as `show`. */
  drop(letter: ClusterLetter): Promise<void>
}

interface Page {
  readonly letters: readonly LetterRow[]
  readonly total: number
}

const ALL: readonly number[] = Array.from({ length: PARTITIONS }, (_, partition) => partition)

export function letterClient(client: ClusterClient): LetterClient {
  const pages = async (partition: number): Promise<readonly ClusterLetter[]> => {
    const found: ClusterLetter[] = []
    for (;;) {
      const page = await client.inPartition(partition, 'letters', { from: found.length })
      const { letters, total } = page as unknown as Page
      found.push(...letters.map(letter => ({ ...letter, partition })))
      if (letters.length === 0 || found.length >= total) return found
    }
  }
  return {
    async list() {
      const [silent, older]: [number[], number[]] = [[], []]
      await client.heard
      // Nobody will answer, and waiting for it would take as long as a take-over.
      if (client.nodes().length === 0) return { letters: [], silent: [...ALL], older }
      const all = ALL.map(async partition => {
        try {
          return await pages(partition)
        } catch (thrown) {
          const { kind } = toRuntimeError(thrown, 'internal')
          if (kind === 'usage') older.push(partition)
          else if (isPassing(thrown)) silent.push(partition)
          else throw thrown
          return []
        }
      })
      const letters = (await Promise.all(all)).flat().sort((a, b) => a.at - b.at)
      return { letters, silent: silent.sort(ascending), older: older.sort(ascending) }
    },
    async show({ partition, id }) {
      const shown = await client.inPartition(partition, 'letter', { id })
      return { ...(shown as unknown as ShownLetter), partition }
    },
    async retry({ partition, id }) {
      await client.inPartition(partition, 'letter.retry', { id })
    },
    async drop({ partition, id }) {
      await client.inPartition(partition, 'letter.drop', { id })
    },
  }
}

const ascending = (a: number, b: number): number => a - b
