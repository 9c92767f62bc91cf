import type { Page } from './api-types.ts'

/** Which page of a list to read. */
export interface PageRequest {
  /** The number of items on a page, from 1 to 200. Default: 50. */
  readonly limit?: number
  /** `nextCursor` of the previous page. Without it, the first page. */
  readonly cursor?: string
}

// The largest page that the server allows: reading a whole list then takes the fewest requests.
const LARGEST_PAGE = 200

/**
 * Yields all items of a paged list and requests each page when it is needed.
 *
 *     for await (const worker of everyItem((page) => client.workers.list(page))) console.log(worker.name)
 */
export async function* everyItem<Item>(
  read: (page: PageRequest) => Promise<Page<Item>>,
  { limit = LARGEST_PAGE, cursor }: PageRequest = {},
): AsyncGenerator<Item> {
  let next = cursor
  do {
    const page = await read({ limit, ...(next !== undefined && { cursor: next }) })
    yield* page.items
    next = page.nextCursor ?? undefined
  } while (next !== undefined)
}
