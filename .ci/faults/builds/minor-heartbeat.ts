import * as heartbeat from '../../../runtime/cluster/membership/heartbeat.ts'
import { ADDED } from './additions.ts'

/** Heartbeats with more fields, also within. */
export * from '../../../runtime/cluster/membership/heartbeat.ts'
export const writeHeartbeat: typeof heartbeat.writeHeartbeat = beat => {
  const fields = heartbeat.writeHeartbeat(beat) as { readonly load: object }
  return { ...ADDED, ...fields, load: { ...ADDED, ...fields.load } }
}
