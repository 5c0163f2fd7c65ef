/**
 * A workflow of one's own: one literal that says who takes part, which steps there are and what flows between
 * them. Two readers share the chapters, then an editor takes their results.
 */
import { createRuntime } from 'agenticraft'
import { defineAgent, defineSkill, spawnAgent } from 'agenticraft/agents'
import { compileWorkflow, defineWorkflow, ref, runWorkflow } from 'agenticraft/workflows'
import { z } from 'zod'

const reader = defineAgent({
  name: 'reader',
  description: 'Finds the longest word of a chapter.',
  skills: {
    read: defineSkill({
      description: 'Find the longest word.',
      input: z.object({ chapter: z.string() }),
      output: z.object({ word: z.string() }),
      extract: ({ chapter }) => ({
        word: chapter.split(/\W+/).reduce((a, b) => (b.length > a.length ? b : a), ''),
      }),
    }),
  },
})

const editor = defineAgent({
  name: 'editor',
  description: 'Puts words in order.',
  skills: {
    sort: defineSkill({
      description: 'Sort what the readers found.',
      input: z.object({ found: z.array(z.object({ word: z.string() })) }),
      output: z.object({ words: z.array(z.string()) }),
      extract: ({ found }) => ({ words: found.map(one => one.word).sort() }),
    }),
  },
})

const longestWords = defineWorkflow({
  name: 'longest-words',
  description: 'The longest word of each chapter, in order.',
  input: z.object({ chapters: z.array(z.string()).min(1) }),
  agents: { readers: 'reader', editors: 'editor' },
  steps: [
    {
      id: 'read',
      map: ref('input.chapters'),
      as: 'chapter',
      step: { ask: 'readers', skill: 'read', input: { chapter: ref('chapter') } },
    },
    { id: 'sort', ask: 'editors', skill: 'sort', input: { found: ref('read') } },
  ],
  output: ref('sort.words'),
})

const runtime = createRuntime()
const readers = [await spawnAgent(runtime, reader), await spawnAgent(runtime, reader)]
const editors = [await spawnAgent(runtime, editor)]
const { status, output } = await runWorkflow({
  runtime,
  behaviour: compileWorkflow(longestWords),
  members: { readers: readers.map(one => one.address), editors: editors.map(one => one.address) },
  input: { chapters: ['a small beginning', 'the middle of it all', 'and a wonderful end'] },
})
console.log(status, output)
await runtime.stop()
