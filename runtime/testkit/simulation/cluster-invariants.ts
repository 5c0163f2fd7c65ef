/**
 * What must hold of a simulated cluster, besides what `invariants.ts` computes of every run: that operations were
 * carried out once, that everything came to rest under one owner each, and that the log, the owner's copy and what was
 * witnessed are the same. It reads, and says what is wrong.
 */

import type { Behaviour } from '../../../actors/behaviour.ts'
import { SUPERVISOR, supervisorBehaviour } from '../../../actors/supervisor.ts'
import type { LevelJournal } from '../../../memory/journal-on.ts'
import { failingStore } from '../../../memory/testdata/failing-store.ts'
import { catchUp } from '../../cluster/log/catch-up.ts'
import { partitionLog } from '../../cluster/log/partition-log.ts'
import type { Served } from '../../cluster/partition-host.ts'
import { PARTITIONS } from '../../cluster/placement.ts'
import { BORN, NOTES } from './cluster-actors.ts'
import type { Machine } from './cluster-machine.ts'
import type { Asked, ClusterProgram } from './cluster-program.ts'
import { type ClusterUniverse, NAMESPACE, worldClient } from './cluster-world.ts'
import { completeness, type Evidence, safety, type Violation } from './invariants.ts'
import type { LedgerEntry } from './ledger.ts'
import { replay } from './program.ts'

export interface Owner {
  readonly served: Served
  readonly machine: Machine
}

/** Who serves each partition, as the nodes themselves say. */
export function ownersOf(machines: readonly Machine[]): ReadonlyMap<number, readonly Owner[]> {
  const owners = new Map<number, Owner[]>()
  for (const machine of machines) {
    for (const [partition, served] of machine.node?.partitions.served() ?? []) {
      const known = owners.get(partition)
      if (known) known.push({ served, machine })
      else owners.set(partition, [{ served, machine }])
    }
  }
  return owners
}

/** What is not yet as it has to be in the end: empty once everything is at rest. */
export async function unrest(
  made: ClusterUniverse,
  machines: readonly Machine[],
  program: ClusterProgram,
): Promise<readonly string[]> {
  const owners = ownersOf(machines)
  const restless: string[] = []
  if (!program.isOver)
    restless.push(`${program.asked.filter(one => one.answers.length < one.askers).length} asks are open`)
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const [owner, ...more] = owners.get(partition) ?? []
    const { epoch, life } = made.witness.reign(partition)
    if (!owner || more.length > 0)
      restless.push(`partition ${partition} is served by ${more.length || 'nobody'}`)
    else if (owner.served.epoch !== epoch || owner.machine.life?.name !== life)
      restless.push(`partition ${partition} of ${life} is served by ${owner.machine.life?.name}`)
    else {
      for (const { address, phase, waiting } of owner.served.runtime.actors())
        if (phase !== 'active' || waiting > 0) restless.push(`${address} is ${phase}, ${waiting} wait`)
      if (owner.served.runtime.attempts() > 0) restless.push(`an effect is under way in ${partition}`)
    }
  }
  if (restless.length > 0) return restless
  const boxes = await worldClient(made).mailboxes()
  for (const [box, count] of boxes) restless.push(`${count} letters are in ${box}`)
  // What got lost on its way is sent again after a while.
  return [...restless, ...completeness(evidenceOf(made, owners)).map(({ what }) => what)]
}

/** What must hold once everything has come to rest, and at any moment before. */
export async function verdict(
  made: ClusterUniverse,
  machines: readonly Machine[],
  program: ClusterProgram,
): Promise<readonly Violation[]> {
  const owners = ownersOf(machines)
  const evidence = evidenceOf(made, owners)
  const violations = [...made.witness.violations, ...safety(evidence), ...completeness(evidence)]
  for (const [{ served, machine }] of owners.values() as Iterable<readonly [Owner]>)
    violations.push(...(await ofPartition(made, served, machine.behaviours)))
  return [...violations, ...ofProgram(program, owners, made)]
}

/** What there is to be judged by now. */
function evidenceOf(made: ClusterUniverse, owners: ReadonlyMap<number, readonly Owner[]>): Evidence {
  const { witness } = made
  const dead = new Set(witness.dead)
  for (const [{ served }] of owners.values() as Iterable<readonly [Owner]>)
    for (const { envelope } of served.runtime.deadLetters()) dead.add(envelope.id)
  return {
    recorder: { lives: witness.lives, results: witness.results, broken: witness.broken, dead },
    ledger: { entries: made.ledger.entries.filter(ordinary(made)) },
    // Deadlines of this program are hours away.
    downMs: Number.POSITIVE_INFINITY,
  }
}

/** What owners of yesterday may is judged as they begin, and what a person wanted done again is begun anew. */
function ordinary({ witness, ledger }: ClusterUniverse): (entry: LedgerEntry) => boolean {
  const redone = new Map(
    ledger.entries.flatMap(({ kind, class: of, key, order }) =>
      kind === 'checked' && of === 'manual' ? [[key, order] as const] : [],
    ),
  )
  return ({ key, life, order }) => !witness.zombies.has(`${key} ${life}`) && order > (redone.get(key) ?? 0)
}

/** I3 and I7: log, copy and witness are the same, the journal is whole, and leads to the states there are. */
async function ofPartition(
  made: ClusterUniverse,
  { partition, runtime, store }: Served,
  behaviours: ReadonlyMap<string, Behaviour>,
): Promise<readonly Violation[]> {
  const { verify } = runtime.journal as LevelJournal
  const { problems } = await verify()
  const expected = texts(made.witness.contents(partition))
  const held = new Map<string, Uint8Array>()
  for await (const [key, value] of store('journal').range()) held.set(key, value)
  const read = await fromLog(made, partition)
  const wrong = [
    ...problems.map(problem => `has a damaged journal: ${JSON.stringify(problem)}`),
    ...difference('copy', expected, texts(held)),
    ...difference('log', expected, texts(read)),
  ].map((what): Violation => ({ invariant: 'I3', what: `partition ${partition} ${what}` }))
  const known = new Map([...behaviours, [SUPERVISOR, supervisorBehaviour()] as const])
  return [...wrong, ...(await replay({ runtime, journal: runtime.journal }, known))]
}

/** The journal as a node would read it that has never been there. */
async function fromLog(made: ClusterUniverse, partition: number): Promise<Map<string, Uint8Array>> {
  const log = partitionLog({ broker: worldClient(made), namespace: NAMESPACE, partition })
  const { store, values } = failingStore()
  await catchUp(log, store, 'nobody')
  const prefix = 's!journal!'
  return new Map(
    [...values].flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [],
    ),
  )
}

const texts = (values: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, string> =>
  new Map([...values].map(([key, value]) => [key, Buffer.from(value).toString('latin1')]))

/** The heads are the journal's own cache of what the rest says: nobody promised them. */
function difference(
  what: string,
  expected: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): readonly string[] {
  const keys = new Set([...expected.keys(), ...found.keys()])
  const different = [...keys].filter(key => key !== 'm!heads' && expected.get(key) !== found.get(key))
  const [first] = different
  if (first === undefined) return []
  const state = !found.has(first) ? 'lacks' : expected.has(first) ? 'has another' : 'has also'
  return [`differs in its ${what} at ${different.length} keys: it ${state} "${first}"`]
}

/** Each key one answer, each effect once, each note once and those of one writer in order. */
function ofProgram(
  program: ClusterProgram,
  owners: ReadonlyMap<number, readonly Owner[]>,
  made: ClusterUniverse,
): readonly Violation[] {
  const notes = new Map<string, readonly string[]>()
  // A mailbox may have been full: then its sender's node has kept them.
  const buried = new Set<unknown>()
  for (const [{ served }] of owners.values() as Iterable<readonly [Owner]>) {
    for (const { envelope } of served.runtime.deadLetters()) buried.add(envelope.body)
    for (const { address } of served.runtime.actors())
      if (address.startsWith('notebook/'))
        notes.set(address, served.runtime.snapshot(address)?.context['notes'] as readonly string[])
  }
  const s = (what: string): Violation => ({ invariant: 'S', what })
  return [
    ...program.asked.flatMap(asked =>
      ofOperation(asked, notes.get(asked.operation.notebook) ?? [], buried).map(s),
    ),
    ...program.asked.flatMap(asked => ofEffects(asked, made).map(s)),
    ...[...program.told].flatMap(([book, bodies]) =>
      bodies.flatMap(body => {
        const times = (notes.get(book) ?? []).filter(note => note === body).length
        return times === 1 ? [] : [s(`"${body}" stands ${times} times in ${book}`)]
      }),
    ),
  ]
}

function ofOperation(
  { operation, answers, askers }: Asked,
  notes: readonly string[],
  buried: ReadonlySet<unknown>,
): readonly string[] {
  const { op } = operation
  const problems: string[] = []
  if (answers.length !== askers) problems.push(`${op} was answered ${answers.length} of ${askers} times`)
  const different = new Set(answers.map(answer => JSON.stringify(answer)))
  if (different.size > 1)
    problems.push(`${op} has ${different.size} answers: ${[...different].join(' and ')}`)
  const [answer] = answers
  const isDone = answer !== undefined && 'value' in answer
  const written = (isDone ? NOTES : ['begin', 'failed']).map(what => `${what} ${op}`)
  const expected = written.filter(note => !buried.has(note))
  const found = notes.filter(note => note.endsWith(` ${op}`) && note !== `${BORN} ${op}`)
  if (JSON.stringify(found) !== JSON.stringify(expected))
    problems.push(`${op} (${JSON.stringify(answer)}) has the notes ${JSON.stringify(found)}`)
  const born = notes.filter(note => note === `${BORN} ${op}`).length
  if (born !== (isDone && !buried.has(`${BORN} ${op}`) ? 1 : 0))
    problems.push(`the child of ${op} said ${born} times that it was there`)
  return problems
}

/** An operation that was answered has done each of its effects under one key. */
function ofEffects({ operation, answers: [answer] }: Asked, { ledger }: ClusterUniverse): readonly string[] {
  const { op } = operation
  const keys = new Map<string, Set<string>>()
  for (const { kind, class: of, key, input } of ledger.entries) {
    if (kind !== 'started' || (input as { readonly op?: string }).op !== op) continue
    const known = keys.get(of)
    if (known) known.add(key)
    else keys.set(of, new Set([key]))
  }
  const problems = [...keys].flatMap(([of, { size }]) =>
    size === 1 ? [] : [`the ${of} effect of ${op} was begun under ${size} keys`],
  )
  const expected = ['pure', 'idempotent', 'verifiable', 'compensable', 'manual'].map(of => `${of} ${op}`)
  if (answer && 'value' in answer && JSON.stringify(answer.value) !== JSON.stringify(expected))
    problems.push(`${op} was answered with ${JSON.stringify(answer.value)}`)
  return problems
}
