/**
 * A model that says what it is told to say, for tests and benchmarks only. It answers at once, without
 * timers, and keeps every request. It is never offered to users as a model.
 */
import { RuntimeError } from '../../actors/errors.ts'
import { NO_USAGE, type Usage } from '../../actors/events.ts'
import type { Plain } from '../../actors/plain.ts'
import { abortError } from './abort.ts'
import type { Model, ModelCallOptions, ModelRequest, ModelResponse } from './model.ts'

/** One answer. `text`, `object` and `delta` are alternatives; each may come with `toolCalls`. */
export interface ScriptedTurn {
  readonly text?: string
  /** Answered as its JSON text. */
  readonly object?: unknown
  /** The text in these pieces, each handed to `onDelta`. */
  readonly delta?: readonly string[]
  readonly toolCalls?: readonly { readonly name: string; readonly input: Plain }[]
  /** Thrown, after the pieces of `delta`. */
  readonly error?: RuntimeError
  /** Waits until the call is aborted, after the pieces of `delta`. */
  readonly hang?: true
  /** The default is one model call, no tokens, no cost. */
  readonly usage?: Partial<Usage>
  /** The default is `tool-calls` with tool calls, else `stop`. */
  readonly finish?: ModelResponse['finish']
}

export type Script = readonly ScriptedTurn[] | ((request: ModelRequest, index: number) => ScriptedTurn)

export interface ScriptedModel extends Model {
  /** Every request so far, oldest first. */
  readonly calls: readonly ModelRequest[]
  /** Throws when turns of an array script were not asked for. */
  assertComplete(): void
}

/** A model that answers its n-th call with the n-th turn; a call beyond the script throws `definition-invalid`. */
export function scriptedModel(
  script: Script,
  { id = 'scripted:model' }: { id?: string } = {},
): ScriptedModel {
  const calls: ModelRequest[] = []
  return {
    id,
    calls,
    async generate(request, options) {
      if (options.signal.aborted) throw abortError(id, options.signal)
      const index = calls.push(request) - 1
      const turn = typeof script === 'function' ? script(request, index) : script[index]
      if (turn) return play(turn, id, index, options)
      throw new RuntimeError('definition-invalid', `${id} was called ${index + 1} times`, {
        why: `its script has ${script.length} turns`,
        fix: 'add a turn to the script, or find out why there is one more call',
      })
    },
    assertComplete() {
      if (typeof script === 'function' || calls.length >= script.length) return
      throw new RuntimeError('definition-invalid', `${id} was called ${calls.length} times`, {
        why: `its script has ${script.length} turns`,
      })
    },
  }
}

async function play(
  turn: ScriptedTurn,
  id: string,
  index: number,
  call: ModelCallOptions,
): Promise<ModelResponse> {
  const pieces = piecesOf(turn)
  for (const piece of pieces) call.onDelta?.(piece)
  if (turn.hang) await aborted(id, call.signal)
  if (turn.error) throw turn.error
  const toolCalls = (turn.toolCalls ?? []).map((tool, n) => ({ id: `call-${index}-${n}`, ...tool }))
  return {
    text: pieces.join(''),
    toolCalls,
    finish: turn.finish ?? (toolCalls.length > 0 ? 'tool-calls' : 'stop'),
    usage: { ...NO_USAGE, modelCalls: 1, ...turn.usage },
    model: id,
  }
}

function piecesOf({ delta, object, text }: ScriptedTurn): readonly string[] {
  if (delta) return delta
  if (object !== undefined) return [JSON.stringify(object)]
  return text ? [text] : []
}

const aborted = (id: string, signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const stop = () => reject(abortError(id, signal))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
