/**
 * A tool: one thing an agent can do besides talking. It is an effect with a name, a description for the
 * model, and schemas. Its input comes from a model and is hostile until the schema has read it.
 */
import type { z } from 'zod'
import { isToken } from '../actors/address.ts'
import type { EffectClass, EffectContext } from '../actors/effect.ts'
import { RuntimeError } from '../actors/errors.ts'

export interface ToolDefinition<Input, Output> {
  /** Letters, digits, `_` and `-`: models are strict about it. */
  readonly name: string
  /** For the model: what it does and when to use it. */
  readonly description: string
  readonly input: z.ZodType<Input>
  readonly output?: z.ZodType<Output>
  /** What a crash may do to a call in flight. Default `manual`. */
  readonly effect?: EffectClass
  readonly timeoutMs?: number
  /** What it reaches, for example `net` or `fs.read`: for people. Nothing enforces it yet. */
  readonly capability?: string
  /** True when the output comes from outside (web pages, files of others): the model sees it marked as untrusted. */
  readonly untrusted?: boolean
  run(input: Input, context: EffectContext): Promise<Output> | Output
  check?(key: string, input: Input): Promise<{ readonly done: boolean; readonly output?: Output }>
  undo?(key: string, input: Input): Promise<void>
}

export interface Tool<Input = unknown, Output = unknown> extends ToolDefinition<Input, Output> {
  readonly kind: 'tool'
  readonly effect: EffectClass
}

/** A checked tool definition. Throws `definition-invalid`. */
export function defineTool<Input, Output>(definition: ToolDefinition<Input, Output>): Tool<Input, Output> {
  const { name, description, effect = 'manual', timeoutMs } = definition
  const wrong =
    (!isToken(name) && `its name "${name}" is not a token`) ||
    (!description && 'it has no description') ||
    (!EFFECT_CLASSES.has(effect) && `its effect "${effect}" is none of ${[...EFFECT_CLASSES].join(', ')}`) ||
    (timeoutMs !== undefined && !(timeoutMs > 0) && `its timeoutMs ${timeoutMs} is not greater than 0`) ||
    (effect === 'verifiable' && !definition.check && 'it is verifiable but has no check') ||
    (effect === 'compensable' && !definition.undo && 'it is compensable but has no undo')
  if (wrong) throw new RuntimeError('definition-invalid', `tool "${name}": ${wrong}`)
  return { ...definition, kind: 'tool', effect }
}

/** A class that is none would let a call be repeated that must not be. */
const EFFECT_CLASSES: ReadonlySet<string> = new Set<EffectClass>([
  'pure',
  'idempotent',
  'verifiable',
  'compensable',
  'manual',
])
