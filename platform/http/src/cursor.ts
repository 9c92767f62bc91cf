import { TaskFlowError } from '@taskflow/kernel'
import { DEFAULT_LIMIT } from './schemas/page.ts'

/**
 * A cursor marks the end of a page: base64url of a small JSON text with a version. Callers must not read it, so its
 * contents may change. It does not contain the filter of the list.
 */
const VERSION = 1

export function encodeCursor(after: string): string {
  return Buffer.from(JSON.stringify({ v: VERSION, after })).toString('base64url')
}

/** @param isValid returns whether the position can occur in this list */
function decodeCursor(cursor: string, isValid: (after: string) => boolean): string {
  const after = positionIn(cursor)
  if (after === undefined || !isValid(after)) throw invalidCursor()
  return after
}

function invalidCursor(): TaskFlowError {
  return new TaskFlowError('CURSOR_INVALID', `Query parameter \`cursor\` is not a cursor of this list`, {
    details: { errors: [{ in: 'query', pointer: '/cursor', message: 'is not a cursor of this list' }] },
  })
}

function positionIn(cursor: string): string | undefined {
  try {
    const { v, after } = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as { v?: unknown; after?: unknown }
    return v === VERSION && typeof after === 'string' ? after : undefined
  } catch {
    // The text is not JSON, or not an object.
    return undefined
  }
}

interface PageRequest {
  readonly limit?: number
  readonly cursor?: string
}

interface Walk<Item> {
  /** Resolves with at most `limit` items after the position; undefined if the list has no such position. */
  read(page: { limit: number; after?: string }): Promise<readonly Item[] | undefined>
  positionOf(item: Item): string
  isPosition(text: string): boolean
  /** Whether the page has room for the item; the page ends before the first that does not fit. All fit without it. */
  fits?(item: Item): boolean
}

export interface PageOf<Item> {
  readonly items: Item[]
  readonly nextCursor: string | null
}

/** Reads a page. Reads one item more than the page contains, to know whether there is a next page. */
export async function readPage<Item>(request: PageRequest, walk: Walk<Item>): Promise<PageOf<Item>> {
  const { limit = DEFAULT_LIMIT, cursor } = request
  const after = cursor === undefined ? undefined : decodeCursor(cursor, walk.isPosition)
  const found = await walk.read({ limit: limit + 1, ...(after !== undefined && { after }) })
  if (!found) throw invalidCursor()
  const { fits = () => true } = walk
  const beyond = found.findIndex((item, index) => index === limit || !fits(item))
  const items = found.slice(0, beyond === -1 ? limit : beyond)
  const last = items.at(-1)
  return { items, nextCursor: beyond !== -1 && last ? encodeCursor(walk.positionOf(last)) : null }
}

/** Returns a page of a list in memory that grows only at its end. The position is a number of items. */
export function slicePage<Item>(request: PageRequest, all: readonly Item[]): PageOf<Item> {
  const { limit = DEFAULT_LIMIT, cursor } = request
  const start = cursor === undefined ? 0 : Number(decodeCursor(cursor, (after) => /^\d{1,9}$/.test(after)))
  const end = start + limit
  return { items: all.slice(start, end), nextCursor: end < all.length ? encodeCursor(String(end)) : null }
}
