/** The results of fault injections as files, one per case, and the page made of them. Used by `main.ts` and a test. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FAULT_CASES } from './cases.ts'
import { type FaultResult, faultReport } from './report.ts'

const RESULTS = fileURLToPath(new URL('./results', import.meta.url))
export const PAGE = fileURLToPath(new URL('../../docs/faults.md', import.meta.url))

/** All that is kept, in the order of the names. */
export async function keptResults(): Promise<FaultResult[]> {
  const names = await readdir(RESULTS).catch(error => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const files = names.filter(name => name.endsWith('.json')).sort()
  return Promise.all(
    files.map(async name => JSON.parse(await readFile(join(RESULTS, name), 'utf8')) as FaultResult),
  )
}

/** Keeps a result in place of the last one of its case. */
export async function keepResult(result: FaultResult): Promise<void> {
  await mkdir(RESULTS, { recursive: true })
  await writeFile(join(RESULTS, `${result.name}.json`), `${JSON.stringify(result, null, 2)}\n`)
}

export const currentPage = async (): Promise<string> => faultReport(FAULT_CASES, await keptResults())
