/**
 * Runtime events as log lines: level, message and fields come from the event table. What a message, a
 * progress note or a published fact says is never logged, only its kind and size.
 */
import type { RuntimeEvent } from '../../actors/events.ts'
import type { Events } from '../events.ts'
import { entryOf, levelOf } from './event-table.ts'
import type { Logger } from './logger.ts'

/** Fields that carry what users and models say. */
const CONTENT: ReadonlySet<string> = new Set(['body', 'note', 'input'])

const MAX_ITEMS = 20

/** Logs every event that `logger` is interested in, from now on. Returns how to stop. */
export function logEvents(events: Events, logger: Logger): () => void {
  return events.subscribe(event => {
    const entry = entryOf(event)
    if (!entry) return
    const level = levelOf(entry, event)
    if (logger.isLevelEnabled(level)) logger[level](fieldsOf(event, entry.fields), entry.message(event))
  })
}

function fieldsOf(event: RuntimeEvent, names: readonly string[]): Record<string, unknown> {
  const { type, actor, run } = event
  const fields: Record<string, unknown> = { event: type, actor, ...(run !== undefined && { run }) }
  for (const name of names) {
    const value = (event as unknown as Readonly<Record<string, unknown>>)[name]
    if (value !== undefined) fields[name] = CONTENT.has(name) ? shapeOf(value) : few(value)
  }
  return fields
}

/** A decision may affect thousands of actors; a line names some of them. */
const few = (value: unknown): unknown =>
  Array.isArray(value) && value.length > MAX_ITEMS
    ? [...value.slice(0, MAX_ITEMS), `${value.length - MAX_ITEMS} more`]
    : value

/** What kind of thing it is and how large: characters, items or fields. */
function shapeOf(content: unknown): { readonly kind: string; readonly size?: number } {
  if (typeof content === 'string') return { kind: 'text', size: content.length }
  if (Array.isArray(content)) return { kind: 'list', size: content.length }
  if (content instanceof Uint8Array) return { kind: 'bytes', size: content.length }
  if (typeof content === 'object' && content !== null)
    return { kind: 'object', size: Object.keys(content).length }
  return { kind: content === null ? 'null' : typeof content }
}
