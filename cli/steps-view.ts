/**
 * The steps of a run as lines for people: number, time, actor, what it took in and became, and below it what it
 * decided. Pure: steps in, lines out. Texts of strangers are made printable, long ones cut.
 */
import { type Address, addressId, addressType } from '../actors/address.ts'
import type { Act, Taken } from '../actors/journal.ts'
import { type Causes, causesOf } from '../runtime/history/causes.ts'
import type { ReplayedStep } from '../runtime/history/replay.ts'
import type { RunStep } from '../runtime/runs.ts'
import { seconds } from './run-progress.ts'
import { type Paint, printable } from './terminal.ts'
import { usageText } from './usage-text.ts'

const WIDTH = 140
/** Of a body, before it is cut to the line: more is never seen. */
const LONGEST = 400

/** `shown` is a part of `all`, the steps of the whole run. */
export function stepLines(
  all: readonly RunStep[],
  shown: readonly ReplayedStep[],
  run: string,
  paint: Paint,
): readonly string[] {
  const causes = causesOf(all)
  const began = all[0]?.commit.at ?? 0
  const digits = String(all.length).length
  return shown.flatMap(step => {
    const { commit } = step
    const number = String(step.step).padStart(digits)
    const time = `+${seconds(commit.at - began)}`.padEnd(8)
    const head = `${number}  ${time}  ${actorName(commit.actor, run).padEnd(20)}`
    const state = stateChange(step)
    const text = clip(takenText(commit.taken, causes, run), WIDTH - head.length - state.length) + state
    const indent = ' '.repeat(digits + 4)
    const acts = commit.acts.flatMap(act => actText(act, run))
    return [
      `${paint('dim', `${number}  ${time}`)}  ${paint('bold', actorName(commit.actor, run).padEnd(20))}  ${text}`,
      ...acts.map(one => paint('dim', `${indent}→ ${clip(one, WIDTH - indent.length)}`)),
    ]
  })
}

/** An actor as a member of its run: `web-researcher 2`. */
export function actorName(actor: Address, run: string): string {
  if (addressType(actor) === 'node') return 'outside'
  const part = addressId(actor)
    .replace(run, '')
    .replaceAll(/^-+|-+$/g, '')
  return part === '' ? addressType(actor) : `${addressType(actor)} ${part}`
}

/** What a step took in, in a few words. */
export function takenText(taken: Taken, causes: Pick<Causes, 'made'>, run: string): string {
  const nameOf = (intent: string): string => {
    const act = causes.made(intent)?.act
    return act?.act === 'start' ? nameOfStarted(act, run) : 'an effect'
  }
  switch (taken.kind) {
    case 'init':
      return 'starts'
    case 'message': {
      const { from } = taken.cause
      return `takes ${taken.type}${from ? ` from ${actorName(from, run)}` : ''} ${bodyText(taken.body, run)}`
    }
    case 'timer':
      return `timer ${taken.event.type}`
    case 'result':
      return `result of ${nameOf(taken.intent)}${costText(taken)}: ${bodyText(taken.output, run)}`
    case 'failure':
      return `failure of ${nameOf(taken.intent)}${costText(taken)}: ${taken.error.code} ${taken.error.message}`
    case 'attempt-failed':
      return `attempt ${taken.attempt} of ${nameOf(taken.intent)} failed${costText(taken)}: ${taken.error.code} ${taken.error.message}`
    case 'retry':
      return `attempt ${taken.attempt} of ${nameOf(taken.intent)} begins (${taken.reason})`
    case 'parked':
      return `${nameOf(taken.intent)} waits for a person: ${taken.why}`
    case 'late':
      return 'a late answer is accounted for'
    case 'restart':
      return `restart ${taken.restarts}: ${taken.error.code} ${taken.error.message}`
    case 'spawned':
      return `${actorName(taken.child, run)} is there`
    case 'recovered':
      return `comes back after ${seconds(taken.downMs)}`
    case 'migrated':
      return 'is migrated to a new definition'
    case 'ended':
      return `ends (${taken.reason})`
  }
}

const costText = ({ usage }: Extract<Taken, { readonly intent: string }> & { readonly usage?: unknown }) => {
  const text = usage ? usageText(usage as Parameters<typeof usageText>[0]) : ''
  return text === '' ? '' : ` (${text})`
}

function stateChange({ before = '', after = '' }: ReplayedStep): string {
  if (after === '' || before === after) return ''
  return before === '' ? `  [${after}]` : `  [${before} → ${after}]`
}

/** What an act does, or nothing for those that only serve the runtime. */
export function actText(act: Act, run: string): readonly string[] {
  switch (act.act) {
    case 'tell':
      return [`tells ${actorName(act.to, run)} ${act.type} ${bodyText(act.body, run)}`]
    case 'reply':
      return [`answers ${bodyText(act.body, run)}`]
    case 'fail':
      return [`answers with ${act.error.code} ${act.error.message}`]
    case 'spawn':
      return [`starts the actor ${act.type}/${act.id}`]
    case 'publish':
      return [`publishes ${act.kind} ${bodyText(act.body, run)}`]
    case 'start':
      return [`${whatStarts(act, run)} ${bodyText(inputOf(act), run)}`]
    case 'timer':
      return [`sets a timer for ${act.event.type}`]
    case 'direct':
      return [`has ${actorName(act.child, run)} ${act.directive} (${act.reason})`]
    default:
      return []
  }
}

type Start = Act & { readonly act: 'start' }

function whatStarts(act: Start, run: string): string {
  const ask = askOf(act)
  return ask ? `asks ${actorName(ask.to, run)} ${ask.type}` : `starts ${act.src}`
}

function nameOfStarted(act: Start, run: string): string {
  const ask = askOf(act)
  return ask ? `asking ${actorName(ask.to, run)} for ${ask.type}` : act.src
}

function askOf({ src, input }: Start): { readonly to: Address; readonly type: string } | undefined {
  const { to, type } = (input ?? {}) as { readonly to?: unknown; readonly type?: unknown }
  if (src !== 'ask' || typeof to !== 'string' || !to.includes('/')) return undefined
  return { to: to as Address, type: String(type) }
}

const inputOf = ({ src, input }: Start): unknown =>
  src === 'ask' ? (input as { readonly body?: unknown } | null)?.body : input

/** As JSON; the run's id, which is in the name of all its actors, is left out. */
function bodyText(body: unknown, run: string): string {
  const text = (JSON.stringify(body) ?? '').replaceAll(run, '…')
  return text === 'null' ? '' : text.slice(0, LONGEST)
}

function clip(text: string, width: number): string {
  const line = printable(text).replaceAll(/\s+/g, ' ').trimEnd()
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`
}
