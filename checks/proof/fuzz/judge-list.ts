import type { ApiRequest } from './api-request.ts'
import type { ApiWorld } from './api-world.ts'
import type { Complaint } from './area.ts'

interface Page {
  readonly items?: readonly Readonly<Record<string, unknown>>[]
  readonly nextCursor?: string | null
}

/** Checks a page of a list and the next page for items outside the filter and for repeated items. */
export async function judgeList(world: ApiWorld, request: ApiRequest, url: string, body: string): Promise<Complaint> {
  const page = JSON.parse(body) as Page
  if (page.items === undefined) return undefined
  const misfit = misfitIn(page, request)
  if (misfit !== undefined || typeof page.nextCursor !== 'string') return misfit
  const next = `${url}${url.includes('?') ? '&' : '?'}cursor=${page.nextCursor}`
  const reply = await world.send(request.as, { method: 'GET', url: next, headers: request.headers })
  if (reply.statusCode !== 200) return `answers ${reply.statusCode} to its own cursor: ${reply.body.slice(0, 300)}`
  const following = reply.json<Page>()
  const again = following.items?.find(({ id }) => id !== undefined && page.items?.some((item) => item.id === id))
  return again ? `lists ${again.id} on two pages` : misfitIn(following, request)
}

/** Compares the fields of items with the query parameters of the same name. */
function misfitIn({ items = [] }: Page, { query }: ApiRequest): Complaint {
  for (const [name, values] of query)
    for (const item of items)
      if (typeof item[name] === 'string' && !values.split(',').includes(item[name]))
        return `lists an item with ${name} ${item[name]}, but the filter is ${values}`
  return undefined
}
