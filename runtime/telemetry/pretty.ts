/**
 * A finished log line for people at a terminal: time, level, message, then the fields. Control characters are
 * taken out, so that a message cannot move the cursor or forge a line. No colours: a log may go to a file.
 */

const LEVELS: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
}
const HIDDEN = new Set(['level', 'time', 'pid', 'hostname', 'msg'])

/** `data` is a parsed and redacted log object. */
export function prettyLine(data: Readonly<Record<string, unknown>>): string {
  const { level, time, msg } = data as { level?: unknown; time?: unknown; msg?: unknown }
  const clock = typeof time === 'number' ? new Date(time).toISOString().slice(11, 23) : '--:--:--.---'
  const name = (LEVELS[Number(level)] ?? String(level)).padEnd(5)
  const fields = Object.entries(data)
    .filter(([key]) => !HIDDEN.has(key))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return `${printable([clock, name, msg ?? '', ...fields].join(' '))}\n`
}

/** Control characters (C0, C1, and those that reorder text) as escapes. */
const printable = (text: string): string =>
  text.replace(
    /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
