import type { ApiRequest } from './api-request.ts'
import type { ApiWorld } from './api-world.ts'
import type { Complaint } from './area.ts'

interface Page {
  readonly items?: readonly Readonly<Record<string, unknown>>[]
  readonly nextCursor?: string | null
}

/** What is wrong with a page of a list and with the one after it: items that were not asked for, or that come again. */
export async function judgeList(world: ApiWorld, request: ApiRequest, url: string, body: string): Promise<Complaint> {
  const page = JSON.parse(body) as Page
  if (page.items === undefined) return undefined
  const stranger = strangerIn(page, request)
  if (stranger !== undefined || typeof page.nextCursor !== 'string') return stranger
  const next = `${url}${url.includes('?') ? '&' : '?'}cursor=${page.nextCursor}`
  const reply = await world.send(request.as, { method: 'GET', url: next, headers: request.headers })
  if (reply.statusCode !== 200) return `answers ${reply.statusCode} to its own cursor: ${reply.body.slice(0, 300)}`
  const following = reply.json<Page>()
  const again = following.items?.find(({ id }) => id !== undefined && page.items?.some((item) => item.id === id))
  return again ? `lists ${again.id} on two pages` : strangerIn(following, request)
}

/** By the parameters that are called as a field of the items is. */
function strangerIn({ items = [] }: Page, { query }: ApiRequest): Complaint {
  for (const [name, values] of query)
    for (const item of items)
      if (typeof item[name] === 'string' && !values.split(',').includes(item[name]))
        return `lists one with ${name} ${item[name]} among those with ${values}`
  return undefined
}
