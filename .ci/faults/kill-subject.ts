/**
 * The program that is killed: a supervisor with four workers and a tally. Every worker does its jobs one after
 * the other, each with one effect of every class, and tells the tally. Started by `kills.ts` as
 * `kill-subject DIR LEDGER-URL RUN JOBS auto|manual`; the same again after a kill, and it goes on. Prints `ready`, and in the
 * end `done {reports, tallied}`, or `stuck {…}` when it does not get on.
 */
import { writeSync } from 'node:fs'
import { type Address, address } from '../../actors/address.ts'
import type { Behaviour } from '../../actors/behaviour.ts'
import { assign } from '../../actors/machine.ts'
import { createRuntime } from '../../runtime/create-runtime.ts'
import type { Seen } from '../../runtime/testkit/loose-machine.ts'
import { reply, sample } from '../../runtime/testkit/sample-actors.ts'
import { type LedgerPlace, ledgerEffect } from './effect-calls.ts'
import { type JobReport, LEDGER_CLASSES } from './ledger-entries.ts'

const [dir = '', url = '', run = '', jobCount = '1', mode = 'auto'] = process.argv.slice(2)
const recover = mode === 'manual' ? 'manual' : 'auto'
const WORKERS = 4
/** A life that nobody kills is done long before. */
const STUCK_MS = 30_000
const TALLY = address('tally', 'all')
const print = (line: string) => writeSync(1, `${line}\n`)

/** Calls the ledger once per class, in their order, and answers with the ledger's completions. */
function workerBehaviour(place: LedgerPlace): Behaviour {
  const step = (at: number): Record<string, unknown> => ({
    tags: 'busy',
    invoke: {
      src: LEDGER_CLASSES[at],
      input: ({ context }: Seen) => ({
        job: context['job'],
        slowMs: 2 + ((Number(context['job']) * 7 + at) % 30),
      }),
      onDone:
        at + 1 < LEDGER_CLASSES.length
          ? { target: `step${at + 1}`, actions: remember }
          : { target: 'idle', actions: [remember, tellTally, reply(({ context }) => context)] },
      onError: {
        target: 'idle',
        actions: { type: 'fail', params: ({ event }: Seen) => ({ error: event['error'] }) },
      },
    },
  })
  return sample(
    'worker',
    {
      context: { job: 0, seen: [] },
      initial: 'idle',
      states: {
        idle: { on: { 'job.do': { target: 'step0', actions: begin } } },
        ...Object.fromEntries(LEDGER_CLASSES.map((_, at) => [`step${at}`, step(at)])),
      },
    },
    { actors: Object.fromEntries(LEDGER_CLASSES.map(kind => [kind, ledgerEffect(place, kind)])) },
  )
}

const begin = assign(({ event }: never) => ({ job: (event as { body: { job: number } }).body.job, seen: [] }))
const remember = assign(({ context, event }: never) => ({
  seen: [...(context as { seen: readonly unknown[] }).seen, (event as { output: unknown }).output],
}))
const tellTally = {
  type: 'tell',
  params: ({ context }: Seen) => ({ to: TALLY, type: 'job.done', body: { job: context['job'] } }),
}

/** Keeps every job it is told of, in order, also one it knows. */
const tallyBehaviour = (): Behaviour =>
  sample('tally', {
    context: { jobs: [] },
    on: {
      'job.done': {
        actions: assign(({ context, event }: never) => ({
          jobs: [
            ...(context as { jobs: readonly number[] }).jobs,
            (event as { body: { job: number } }).body.job,
          ],
        })),
      },
      'tally.read': { actions: reply(({ context }) => context['jobs']) },
    },
  })

const worker = workerBehaviour({ url, run })
const tally = tallyBehaviour()
// Either way of coming back: all at the start, or each when it is spawned under its id.
const runtime = createRuntime({ dataDir: dir, recover, behaviours: [worker, tally] })
await runtime.ready
const live = new Set(runtime.actors().map(status => status.address))
const team = address('supervisor', 'team')
if (!live.has(team)) await runtime.supervise({ id: 'team' })
const start = async (behaviour: Behaviour, id: string): Promise<void> => {
  if (!live.has(address(behaviour.type, id))) await runtime.spawn(behaviour, { id, supervisor: team })
}
await start(tally, 'all')
for (let at = 0; at < WORKERS; at++) await start(worker, `w${at}`)
print('ready')
setTimeout(() => {
  const waiting = runtime.actors().filter(status => status.waiting > 0 || status.phase !== 'idle')
  print(`stuck ${JSON.stringify({ parked: runtime.parkedEffects(), waiting, dead: runtime.deadLetters() })}`)
}, STUCK_MS).unref()
const jobs = Array.from({ length: Number(jobCount) }, (_, at) => at + 1)
const reports = await Promise.all(
  jobs.map(job => {
    const to: Address = address('worker', `w${job % WORKERS}`)
    return runtime.ask(to, 'job.do', { job }, { key: `job-${job}` }) as Promise<JobReport>
  }),
)
// A tell is delivered some time after the commit that decided it.
const told = async (): Promise<readonly number[]> => {
  for (let look = 0; ; look++) {
    const tallied = (await runtime.ask(TALLY, 'tally.read')) as readonly number[]
    if (new Set(tallied).size === jobs.length || look === 200) return tallied
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
const tallied = await told()
await runtime.stop()
print(`done ${JSON.stringify({ reports, tallied })}`)
