/** How templates are filled, and when the sessions of a dialogue are. Used by the files beside it. */

export const SESSIONS = 40

const DAY = 86_400_000
const FIRST_DAY = Date.UTC(2026, 0, 5, 8)

/** Absolute ms before which nothing of a session is said: about one session a week from 5 January 2026. */
export const sessionStart = (session: number): number => FIRST_DAY + Math.floor(session * 7.4) * DAY

/** Throws for a slot that has no value: the template is wrong, or its place. */
export function fill(template: string, slots: Readonly<Record<string, string>>): string {
  const filled = template.replaceAll(/\{(\w+)\}/g, (_, slot: string) => {
    const value = slots[slot]
    if (value === undefined || value === '') throw new Error(`"${template}" lacks {${slot}}`)
    return value
  })
  // Not before "u", which in these lists is only that of "ukulele".
  return filled.replaceAll(/\b([Aa]) (?=[aeio])/gi, '$1n ')
}
