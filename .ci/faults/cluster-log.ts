/** The log of a cluster on its broker: what `cluster-verdict.ts` judges, and what is kept of it for study. */
import { writeFile } from 'node:fs/promises'
import type { Broker } from '../../runtime/cluster/broker.ts'
import { decodeOps, readEntry } from '../../runtime/cluster/log/entry.ts'
import { logSubjects } from '../../runtime/cluster/log/place.ts'
import { NAMESPACE } from './cluster-nodes.ts'
import type { LogRow } from './cluster-verdict.ts'

/** Every entry of every partition, as far as the broker has it. */
export async function logRows(broker: Broker): Promise<LogRow[]> {
  const rows: LogRow[] = []
  for await (const { subject, data } of broker.read(`ac.${NAMESPACE}.jrn.>`)) {
    const partition = Number(subject.split('.')[3])
    const { epoch, n } = logSubjects(NAMESPACE, partition).placeOf(subject)
    const entry = readEntry(data)
    const by = `${entry.by.node} ${entry.by.life}`
    const row = { partition, epoch, n, kind: entry.kind, by }
    if (entry.kind !== 'seal') rows.push(row)
    else rows.push({ ...row, begins: entry.seal.epoch, isOwned: entry.seal.node !== undefined })
  }
  return rows
}

/** For whoever looks into it: every entry as a line, with the keys it changes. */
export async function dumpLog(broker: Broker, file: string): Promise<void> {
  const lines: string[] = []
  for await (const { subject, seq, data } of broker.read(`ac.${NAMESPACE}.jrn.>`)) {
    const entry = readEntry(data)
    const what =
      entry.kind === 'ops' ? decodeOps(entry.content).ops.map(({ type, key }) => [type, key]) : entry
    lines.push(JSON.stringify({ seq, subject, by: `${entry.by.node} ${entry.by.life}`, what }))
  }
  await writeFile(file, `${lines.join('\n')}\n`)
}
