import type { Page } from './api-types.ts'

export interface PageRequest {
  /** 1 to 200. */
  readonly limit?: number
  readonly cursor?: string
}

/** As large as the server allows: whoever wants everything is best served by few requests. */
const LARGEST_PAGE = 200

/** Reads page after page, as they are needed: `everyItem((page) => client.workers.list(page))`. */
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
