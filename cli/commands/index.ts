/**
 * The list of commands, in the order of `--help`. A name and a sentence each; the code of a command is
 * loaded when it is asked for, so that help stays fast whatever a command needs.
 */
import type { CommandListing } from '../command.ts'

export const COMMANDS: readonly CommandListing[] = [
  {
    name: 'run',
    summary: 'run a workflow and print its result',
    load: async () => (await import('./run.ts')).run,
  },
  {
    name: 'resume',
    summary: 'go on with an unfinished run',
    load: async () => (await import('./resume.ts')).resume,
  },
  {
    name: 'runs',
    summary: 'list, show, end, verify and remove runs',
    load: async () => (await import('./runs.ts')).runs,
  },
  {
    name: 'replay',
    summary: 'show a run again from its journal, or fork it at a step',
    load: async () => (await import('./replay.ts')).replay,
  },
  {
    name: 'why',
    summary: 'show what led to a message, an effect or a step, and what it cost',
    load: async () => (await import('./why.ts')).why,
  },
  {
    name: 'dead',
    summary: 'list, show, send again and drop letters that nobody took',
    aliases: ['letters'],
    load: async () => (await import('./dead.ts')).dead,
  },
  {
    name: 'journal',
    summary: 'back up, restore and verify what is kept',
    load: async () => (await import('./journal.ts')).journal,
  },
  {
    name: 'memory',
    summary: 'list, search, add, change and forget what is remembered',
    load: async () => (await import('./memory.ts')).memory,
  },
  {
    name: 'node',
    summary: 'start a node of a cluster, and serve until it is stopped',
    load: async () => (await import('./node.ts')).node,
  },
  {
    name: 'ps',
    summary: 'show the nodes, partitions, actors and runs of a cluster',
    load: async () => (await import('./ps.ts')).ps,
  },
  {
    name: 'spawn',
    summary: 'start an agent or actor in a cluster',
    load: async () => (await import('./spawn.ts')).spawn,
  },
  {
    name: 'ask',
    summary: 'ask an actor of a cluster and print its answer',
    load: async () => (await import('./ask.ts')).ask,
  },
  {
    name: 'tell',
    summary: 'send an actor of a cluster a message',
    load: async () => (await import('./tell.ts')).tell,
  },
  {
    name: 'stop',
    summary: 'end an actor of a cluster for good, or a node at once',
    load: async () => (await import('./stop.ts')).stop,
  },
  {
    name: 'drain',
    summary: 'have a node hand everything over and end',
    load: async () => (await import('./drain.ts')).drain,
  },
  {
    name: 'nats',
    summary: 'run a NATS server here, look at one, say what its users need',
    load: async () => (await import('./nats.ts')).nats,
  },
  {
    name: 'doctor',
    summary: 'check what this machine offers: Node, bus, models, search',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'version',
    summary: 'print the version',
    load: async () => (await import('./version.ts')).version,
  },
]
