/**
 * The process of one subject: loads it, measures it, sends the result to the parent and ends. Started by
 * `rounds.ts` from compiled code, with the names of the scenario and the subject as its arguments.
 */
import { subjectsOf } from './scenario.ts'
import { SCENARIOS } from './scenarios/index.ts'

const [, , scenarioName, subjectName] = process.argv
const scenario = SCENARIOS.find(({ name }) => name === scenarioName)
const subject = scenario && subjectsOf(scenario).find(({ name }) => name === subjectName)
if (!subject || !process.send)
  throw new Error(`no subject "${subjectName}" in "${scenarioName}", or no parent`)

const measure = await subject.load()
// A peer may keep handles open: the process ends once its result has been handed over.
process.send(await measure(), () => process.exit(0))
