/**
 * Lists of a partition, put together from its pages; the other side is `../pages.ts`. A node of an earlier version tells
 * all at once, and that is taken as well.
 */
import { RuntimeError } from '../../../actors/errors.ts'
import type { Plain } from '../../../actors/plain.ts'
import type { Page } from '../pages.ts'

/** What `ask` answers without pages: a list, or an object with lists in it, of which the other fields are the last page's. */
export async function allPages(ask: (body: { readonly after: string }) => Promise<Plain>): Promise<Plain> {
  const pages: Plain[] = []
  for (let after = ''; ; ) {
    const answer = await ask({ after })
    if (!isPage(answer)) return answer
    const { page, next } = answer
    pages.push(page)
    if (next === null) return joined(pages)
    if (next === after) throw goesInCircles()
    after = next
  }
}

function isPage(answer: Plain): answer is Plain & Page {
  const { page, next } = Object(answer) as { readonly page?: Plain; readonly next?: Plain }
  return page !== undefined && (next === null || typeof next === 'string')
}

function joined(pages: readonly Plain[]): Plain {
  const last = pages.at(-1) ?? []
  if (Array.isArray(last)) return pages.flat() as Plain
  const fields = Object.entries(Object(last) as { readonly [key: string]: Plain })
  return Object.fromEntries(
    fields.map(([name, value]) => [
      name,
      Array.isArray(value)
        ? pages.flatMap(page => (Object(page) as Record<string, Plain>)[name] ?? [])
        : value,
    ]),
  ) as Plain
}

const goesInCircles = (): RuntimeError =>
  new RuntimeError('internal', 'a list of the cluster has a page that leads to itself', {
    fix: 'run the same version of agenticraft on all nodes and clients',
  })
