import { Command as Parser } from 'commander'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { RuntimeError } from '../actors/errors.ts'
import { testSuite } from '../runtime/testkit/suite.ts'
import { fieldsOf, inputOf, optionsOf, wholeNumber } from './run-options.ts'

const test = testSuite('cli/run-options')

const schema = z.object({
  topic: z.string().trim().min(1).describe('what to look at'),
  depth: z.enum(['quick', 'deep']).default('quick').describe('how far'),
  focusAreas: z.array(z.string().min(1)).default([]).meta({ flag: 'focus', value: 'area' }),
  maxPages: z.number().int().positive().optional(),
  dryRun: z.boolean().default(false),
})
const workflow = { name: 'look', input: schema }

function parse(argv: readonly string[]): Record<string, unknown> {
  const parser = new Parser().exitOverride().configureOutput({ writeErr: () => {} })
  for (const option of optionsOf(fieldsOf(schema))) parser.addOption(option)
  parser.parse([...argv], { from: 'user' })
  return inputOf(workflow, parser.opts())
}

const refusal = (body: () => unknown): RuntimeError => {
  try {
    body()
  } catch (error) {
    assert.instance(error, RuntimeError)
    return error as RuntimeError
  }
  throw new Error('nothing was thrown')
}

test('gives every field an option, named in kebab case or as its schema says', () => {
  const options = optionsOf(fieldsOf(schema))
  assert.equal(
    options.map(option => option.flags),
    ['--topic <text>', '--depth <choice>', '--focus <area...>', '--max-pages <number>', '--dry-run'],
  )
  const [topic, depth, focus] = options
  assert.match(topic?.description ?? '', /what to look at.*required/)
  assert.match(depth?.description ?? '', /how far.*default: quick/)
  assert.equal([depth?.argChoices, depth?.defaultValue], [['quick', 'deep'], undefined])
  assert.not.match(focus?.description ?? '', 'default')
})

test('reads values back by field, with numbers as numbers and lists as lists', () => {
  assert.equal(parse(['--topic', 'x']), { topic: 'x' })
  assert.equal(
    parse([
      '--topic',
      'x',
      '--focus',
      'a',
      'b c',
      '--focus',
      'd',
      '--max-pages',
      '12',
      '--dry-run',
      '--depth',
      'deep',
    ]),
    { topic: 'x', focusAreas: ['a', 'b c', 'd'], maxPages: 12, dryRun: true, depth: 'deep' },
  )
})

test('names the flag of what is missing, and how to give it', () => {
  const error = refusal(() => parse([]))
  assert.is(error.kind, 'usage')
  assert.match(error.message, '--topic')
  assert.match(error.fix ?? '', 'agenticraft run look --topic')
})

test('names the flag, not the field, of a wrong value, and all wrong ones at once', () => {
  const error = refusal(() => parse(['--topic', ' ', '--focus', '', '--max-pages', 'many']))
  assert.is(error.kind, 'usage')
  for (const flag of ['--topic:', '--focus:', '--max-pages:']) assert.match(error.why ?? '', flag)
  assert.not.match(error.why ?? '', 'focusAreas')
  for (const pages of ['0', '-1', '1.5', 'Infinity', ''])
    assert.is(refusal(() => parse(['--topic', 'x', `--max-pages=${pages}`])).kind, 'usage', pages)
})

test('leaves a choice that is none to commander, which lists them', () => {
  let message = ''
  try {
    parse(['--topic', 'x', '--depth', 'abyss'])
  } catch (error) {
    message = (error as Error).message
  }
  assert.match(message, /quick, deep/)
})

test('any topic that is more than space goes through unchanged', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), topic => {
      fc.pre(topic.trim() !== '')
      assert.is(parse([`--topic=${topic}`])['topic'], topic)
    }),
  )
})

test('takes whole numbers only', () => {
  assert.equal(
    [wholeNumber('--size', undefined), wholeNumber('--size', '7'), wholeNumber('--size', ' 0 ')],
    [undefined, 7, 0],
  )
  for (const given of ['abc', '', '4.5', '-3', '1e3', '0x5', 'NaN', '9'.repeat(30)]) {
    const error = refusal(() => wholeNumber('--size', given))
    assert.equal([error.kind, error.message.includes('--size')], ['usage', true], given)
  }
})

test.run()
