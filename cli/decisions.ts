/**
 * What a person decides about effects of unknown outcome: reads `--effect ID=done|done:JSON|redo|skip`, and shows
 * what there is to decide with the commands that decide it.
 */
import { RuntimeError } from '../actors/errors.ts'
import { toPlain } from '../actors/plain.ts'
import type { EffectDecision } from '../actors/protocol.ts'
import type { OpenEffect } from '../runtime/history/open-effects.ts'
import type { CommandContext } from './command.ts'
import { commandLine } from './data-dir.ts'
import { type Paint, printable } from './terminal.ts'

export type Decisions = ReadonlyMap<string, EffectDecision>

/** Throws `usage` for what is no decision. */
export function readDecisions(given: readonly string[]): Decisions {
  const decisions = new Map<string, EffectDecision>()
  for (const text of given) {
    const at = text.indexOf('=')
    const effect = text.slice(0, Math.max(0, at))
    if (effect === '') throw wrong(text)
    if (decisions.has(effect)) throw new RuntimeError('usage', `"${effect}" is decided twice`)
    decisions.set(effect, readDecision(text, text.slice(at + 1)))
  }
  return decisions
}

function readDecision(text: string, word: string): EffectDecision {
  if (word === 'redo' || word === 'skip' || word === 'done') return { as: word }
  if (!word.startsWith('done:')) throw wrong(text)
  try {
    return { as: 'done', output: toPlain(JSON.parse(word.slice('done:'.length)), 'result') }
  } catch (cause) {
    throw new RuntimeError('usage', `the result in "${text.slice(0, 200)}" is not valid JSON`, {
      why: cause instanceof Error ? cause.message : String(cause),
      fix: `for example --effect 'ID=done:{"ok":true}'`,
      cause,
    })
  }
}

const wrong = (text: string): RuntimeError =>
  new RuntimeError('usage', `--effect "${text.slice(0, 200)}" is no decision`, {
    fix: '--effect ID=done if it happened, ID=done:JSON to say with which result, ID=redo, or ID=skip',
  })

/** Throws `effect-unknown` for a decision about something that is not open in the run. */
export function checkDecisions(decisions: Decisions, open: readonly OpenEffect[]): void {
  const ids = open.map(({ effect }) => effect)
  const unknown = [...decisions.keys()].find(effect => !ids.includes(effect))
  if (unknown === undefined) return
  throw new RuntimeError('effect-unknown', `no effect "${unknown.slice(0, 200)}" of this run is undecided`, {
    why: ids.length === 0 ? 'none is' : `these are: ${ids.join(', ')}`,
  })
}

export const isParked = ({ parked }: OpenEffect): boolean => parked !== undefined

const LONGEST = 2_000

/** Every effect that waits for a person: what it is, what is not known, and how to decide. `line` writes commands. */
export function parkedText(
  effects: readonly OpenEffect[],
  run: string,
  context: Pick<CommandContext, 'options'>,
  paint: Paint,
  line: typeof commandLine = commandLine,
): string {
  const decide = (effect: string, word: string): string =>
    line(['resume', run, '--effect', `${effect}=${word}`], context)
  const blocks = effects.map(({ effect, name, actor, input, parked, attempt }) =>
    [
      `${paint('yellow', '?')} ${paint('bold', printable(name))} ${paint('dim', effect)}`,
      `   ${paint('dim', 'by   ')} ${actor}, attempt ${attempt}`,
      `   ${paint('dim', 'input')} ${printable(JSON.stringify(input)).slice(0, LONGEST)}`,
      `   ${paint('dim', 'why  ')} ${printable(parked ?? '')}`,
      `   it happened:   ${decide(effect, 'done')}`,
      `   do it again:   ${decide(effect, 'redo')}`,
      `   leave it out:  ${decide(effect, 'skip')}`,
    ].join('\n'),
  )
  const several = effects.length > 1 ? ' Give --effect once for each.' : ''
  return [
    '  A person has to decide what became of these:',
    ...blocks,
    `  With ID=done:JSON you say with which result it happened.${several}`,
  ].join('\n')
}
