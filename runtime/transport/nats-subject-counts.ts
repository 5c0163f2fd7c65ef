/** How many messages of a stream lie under each subject, page by page: a server gives at most 100,000 at a time. */

export interface SubjectPage {
  /** Of all pages together. */
  readonly total?: number
  readonly state?: { readonly subjects?: Readonly<Record<string, number>> | null }
}

/** `ask` brings the page that begins at `offset`; nothing when there is no such stream. */
export async function countBySubject(
  ask: (offset: number) => Promise<SubjectPage | undefined>,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  for (let offset = 0; ; ) {
    const found = await ask(offset)
    const page = Object.entries(found?.state?.subjects ?? {})
    for (const [subject, count] of page) counts.set(subject, count)
    offset += page.length
    if (page.length === 0 || offset >= (found?.total ?? 0)) return counts
  }
}
