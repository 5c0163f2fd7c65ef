/** The agents that come with the project, by name: what a node of a cluster can spawn without being told more. */
import { archivist } from './archivist.ts'
import { coordinator } from './coordinator.ts'
import { dataAnalyst } from './data-analyst.ts'
import type { Agent } from './define-agent.ts'
import { factChecker } from './fact-checker.ts'
import { technicalWriter } from './technical-writer.ts'
import { webResearcher } from './web-researcher.ts'

export const CATALOGUE: readonly Agent[] = [
  archivist,
  coordinator,
  dataAnalyst,
  factChecker,
  technicalWriter,
  webResearcher,
]
