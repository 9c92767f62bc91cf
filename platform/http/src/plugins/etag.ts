import { createHash } from 'node:crypto'
import { TaskFlowError } from '@taskflow/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Returns a strong ETag: equal tags mean that the representations are equal byte by byte. */
export function etagOf(view: unknown): string {
  return `"${createHash('sha256').update(JSON.stringify(view)).digest('base64url').slice(0, 27)}"`
}

/** Replies with the view and its ETag, or with 304 if the caller already has this view. */
export function sendTagged(request: FastifyRequest, reply: FastifyReply, view: unknown): FastifyReply {
  const etag = etagOf(view)
  reply.header('etag', etag).header('cache-control', 'private, no-cache')
  return lists(request.headers['if-none-match'], etag, 'weak') ? reply.code(304).send() : reply.send(view)
}

/** @throws PRECONDITION_FAILED if `If-Match` names another representation than the current one */
export function refuseUnlessMatched(request: FastifyRequest, view: unknown, what: string): void {
  const wanted = request.headers['if-match']
  if (wanted !== undefined && !lists(wanted, etagOf(view), 'strong')) {
    throw new TaskFlowError('PRECONDITION_FAILED', `${what} changed since it was read: \`If-Match\` names another ETag`)
  }
}

/** Compares weakly for reads and strongly for writes (RFC 9110, section 13.1). */
function lists(header: string | undefined, etag: string, comparison: 'weak' | 'strong'): boolean {
  if (header === undefined) return false
  const tags = header.split(',').map((tag) => tag.trim())
  return tags.some((tag) => tag === '*' || (comparison === 'weak' ? tag.replace(/^W\//, '') : tag) === etag)
}
