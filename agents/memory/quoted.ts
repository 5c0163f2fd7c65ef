/**
 * Text of others as data inside a prompt: JSON strings between tags. Called wherever memories are shown to a model;
 * never for a system prompt.
 */

/** `text` in one line and in quotes, so that nothing in it can close the quotes or the tag around them. */
export const quoted = (text: string): string =>
  JSON.stringify(text.toWellFormed())
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029')

/** The beginning of a long text, which says that it is one. */
export const clipped = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most)} … (${text.length} characters, shortened)`

/** The day of an instant (absolute ms), in UTC: `2026-03-01`. */
export const dayText = (at: number): string => {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? 'an unknown day' : date.toISOString().slice(0, 10)
}
