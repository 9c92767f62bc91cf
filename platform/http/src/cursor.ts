import { TaskFlowError } from '@taskflow/kernel'
import { DEFAULT_LIMIT } from './schemas/page.ts'

/**
 * Cursors: where a page ended, as base64url of a small JSON text. Opaque to callers, so that what
 * is in it may change: the version tells. A cursor says nothing of the filter.
 */
const VERSION = 1

export function encodeCursor(after: string): string {
  return Buffer.from(JSON.stringify({ v: VERSION, after })).toString('base64url')
}

/** @param isValid whether the position is one that this list could have given */
function decodeCursor(cursor: string, isValid: (after: string) => boolean): string {
  const after = positionIn(cursor)
  if (after === undefined || !isValid(after))
    throw new TaskFlowError('CURSOR_INVALID', `Query parameter \`cursor\` is not one that this list gave`, {
      details: { errors: [{ in: 'query', pointer: '/cursor', message: 'is not a cursor of this list' }] },
    })
  return after
}

function positionIn(cursor: string): string | undefined {
  try {
    const { v, after } = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as { v?: unknown; after?: unknown }
    return v === VERSION && typeof after === 'string' ? after : undefined
  } catch {
    // Not JSON, or not an object: no cursor of ours.
    return undefined
  }
}

interface PageRequest {
  readonly limit?: number
  readonly cursor?: string
}

interface Walk<Item> {
  /** Up to `limit` items that come after the position. */
  read(page: { limit: number; after?: string }): Promise<readonly Item[]>
  positionOf(item: Item): string
  isPosition(text: string): boolean
}

export interface PageOf<Item> {
  readonly items: Item[]
  readonly nextCursor: string | null
}

/** Reads one item more than the page holds, to know whether there is a next one. */
export async function readPage<Item>(request: PageRequest, walk: Walk<Item>): Promise<PageOf<Item>> {
  const { limit = DEFAULT_LIMIT, cursor } = request
  const after = cursor === undefined ? undefined : decodeCursor(cursor, walk.isPosition)
  const found = await walk.read({ limit: limit + 1, ...(after !== undefined && { after }) })
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, nextCursor: found.length > limit && last ? encodeCursor(walk.positionOf(last)) : null }
}

/** Pages of a list that is read as a whole and only grows at its end: the position is a count. */
export function slicePage<Item>(request: PageRequest, all: readonly Item[]): PageOf<Item> {
  const { limit = DEFAULT_LIMIT, cursor } = request
  const start = cursor === undefined ? 0 : Number(decodeCursor(cursor, (after) => /^\d{1,9}$/.test(after)))
  const end = start + limit
  return { items: all.slice(start, end), nextCursor: end < all.length ? encodeCursor(String(end)) : null }
}
