/**
 * The process of one subject: loads it, measures it, sends the result to the parent and ends. Started by
 * `rounds.ts` from compiled code, with the names of the scenario and the subject and a
 * folder of its own as its arguments.
 */
import { type Found, type Measure, type SoFar, subjectsOf, Unavailable } from './scenario.ts'
import { SCENARIOS } from './scenarios/index.ts'

const [, , scenarioName, subjectName, scratch] = process.argv
const scenario = SCENARIOS.find(({ name }) => name === scenarioName)
const subject = scenario && subjectsOf(scenario).find(({ name }) => name === subjectName)
if (!subject || !scratch || !process.send)
  throw new Error(`no subject "${subjectName}" in "${scenarioName}", no folder, or no parent`)

// By way of `exit`, so that the servers of a peer end with it.
process.once('SIGTERM', () => process.exit(143))
process.once('disconnect', () => process.exit(1))
// A terminal tells all processes at once; the parent ends this one when it has what there is.
process.on('SIGINT', () => {})

const found = await attempt(await subject.load(), scratch)
// A peer may keep handles open: the process ends once its result has been handed over.
process.send(found, () => process.exit(0))

async function attempt(measure: Measure, folder: string): Promise<Found> {
  try {
    return await measure(folder, soFar => void process.send?.({ soFar } satisfies SoFar))
  } catch (error) {
    if (error instanceof Unavailable) return { unavailable: error.message }
    throw error
  }
}
