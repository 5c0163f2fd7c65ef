/**
 * Two builds that come after the one of this checkout, for rolling from one to the other: the same program, of which some
 * modules are exchanged when it is bundled. Used by `cluster-upgrades.ts`.
 */
import { fileURLToPath } from 'node:url'
import type { OtherBuild } from '../bundled-program.ts'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))
const root = (relative: string): string => path(`../../../${relative}`)

/** Writes more than this one knows of, wherever something is written that others read. */
export const MINOR: OtherBuild = {
  version: ([major, minor]) => `${major}.${minor + 1}.0`,
  exchanged: {
    [root('runtime/cluster/post/letter.ts')]: path('./minor-letter.ts'),
    [root('runtime/cluster/post/receipts.ts')]: path('./minor-receipts.ts'),
    [root('runtime/cluster/requests.ts')]: path('./minor-requests.ts'),
    [root('runtime/cluster/membership/heartbeat.ts')]: path('./minor-heartbeat.ts'),
    [root('runtime/cluster/log/entry.ts')]: path('./minor-entry.ts'),
    [root('memory/encoder.ts')]: path('./minor-encoder.ts'),
  },
}

/** Writes letters that this one cannot read. */
export const MAJOR: OtherBuild = {
  version: ([major]) => `${major + 1}.0.0`,
  exchanged: { [root('runtime/cluster/post/letter.ts')]: path('./major-letter.ts') },
}
