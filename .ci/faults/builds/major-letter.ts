import type { Envelope } from '../../../actors/envelope.ts'
import type { Plain } from '../../../actors/plain.ts'
import * as letter from '../../../runtime/cluster/post/letter.ts'

/**
 * Letters of another major version, in which all is called otherwise but `v`, `id` and `from`. It reads its own and
 * those of the version before.
 */
export * from '../../../runtime/cluster/post/letter.ts'
export const writeLetter: typeof letter.writeLetter = (codec, { v: _, id, from, ...rest }, after) =>
  codec.encode({
    ...{ v: 2, id, message: rest },
    ...(from !== undefined && { from }),
    ...(after !== undefined && { behind: after }),
  } as unknown as Plain)

interface Second extends Pick<Envelope, 'id' | 'from'> {
  readonly message: Omit<Envelope, 'v' | 'id' | 'from'>
  readonly behind?: string
}

export const readLetter: typeof letter.readLetter = (codec, namespace, partition, { subject, data }) => {
  const { v, message, behind, ...outside } = Object(codec.decode(data)) as Second & { readonly v: number }
  if (v !== 2) return letter.readLetter(codec, namespace, partition, { subject, data })
  const first = letter.writeLetter(codec, { v: 1, ...outside, ...message }, behind)
  return letter.readLetter(codec, namespace, partition, { subject, data: first })
}
