import * as receipts from '../../../runtime/cluster/post/receipts.ts'
import { adding } from './additions.ts'

/** Receipts with more fields. */
export * from '../../../runtime/cluster/post/receipts.ts'
export class Receipts extends receipts.Receipts {
  constructor({ node, ...options }: receipts.ReceiptsOptions) {
    const { namespace, transport, codec } = node
    const defer: typeof node.defer = act => node.defer(act)
    const report: typeof node.report = error => node.report(error)
    super({ ...options, node: { namespace, transport, codec: adding(codec), defer, report } })
  }
}
