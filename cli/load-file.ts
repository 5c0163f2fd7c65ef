/**
 * The user's own agents, behaviours and workflows, from modules that `node --load` names. They are the user's code and
 * are trusted as such: they run in this process with all its rights. What they export is checked for its shape only.
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Behaviour } from '../actors/behaviour.ts'
import { RuntimeError } from '../actors/errors.ts'
import type { Agent } from '../agents/define-agent.ts'
import type { RunnableWorkflow } from '../agents/workflow/runnable.ts'

export interface Loaded {
  readonly agents: readonly Agent[]
  readonly behaviours: readonly Behaviour[]
  readonly workflows: readonly RunnableWorkflow[]
}

const SHAPES: { readonly [K in keyof Loaded]: (value: Readonly<Record<string, unknown>>) => boolean } = {
  agents: ({ kind, name }) => kind === 'agent' && typeof name === 'string',
  behaviours: ({ type, machine, next }) =>
    typeof type === 'string' && typeof machine === 'object' && typeof next === 'function',
  workflows: ({ name, run, input }) =>
    typeof name === 'string' && typeof run === 'function' && typeof input === 'object',
}

const MAKERS: { readonly [K in keyof Loaded]: string } = {
  agents: 'defineAgent()',
  behaviours: 'defineBehaviour()',
  workflows: 'an object with name, input and run',
}

/** What all the files export, in their order. Throws `definition-invalid` naming the file. */
export async function loadFiles(files: readonly string[], cwd: string): Promise<Loaded> {
  const modules: Loaded[] = []
  for (const file of files) modules.push(await loadFile(file, cwd))
  return {
    agents: modules.flatMap(({ agents }) => agents),
    behaviours: modules.flatMap(({ behaviours }) => behaviours),
    workflows: modules.flatMap(({ workflows }) => workflows),
  }
}

async function loadFile(file: string, cwd: string): Promise<Loaded> {
  const exported = await importFile(file, cwd)
  const list = <K extends keyof Loaded>(name: K): Loaded[K] => {
    const given = exported[name] ?? []
    if (Array.isArray(given) && given.every(one => SHAPES[name](Object(one)))) return given as never
    throw wrong(file, `its ${name} are not a list of what ${MAKERS[name]} gives`)
  }
  const loaded = { agents: list('agents'), behaviours: list('behaviours'), workflows: list('workflows') }
  if (Object.values(loaded).some(({ length }) => length > 0)) return loaded
  throw wrong(file, 'it exports no agents, behaviours or workflows')
}

async function importFile(file: string, cwd: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(resolve(cwd, file)).href)) as Readonly<Record<string, unknown>>
  } catch (cause) {
    throw wrong(file, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

const wrong = (file: string, why: string, cause?: unknown): RuntimeError =>
  new RuntimeError('definition-invalid', `"${file}" cannot be loaded`, {
    why,
    fix: 'name an ES module (.js or .mjs) that exports lists called agents, behaviours or workflows',
    ...(cause !== undefined && { cause }),
  })
