import * as requests from '../../../runtime/cluster/requests.ts'
import { adding } from './additions.ts'

/** Requests and their answers with more fields. */
export * from '../../../runtime/cluster/requests.ts'
export const createRequests: typeof requests.createRequests = options =>
  requests.createRequests({ ...options, codec: adding(options.codec) })
