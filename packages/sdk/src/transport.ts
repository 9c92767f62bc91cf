import { delayBeforeRetryMs } from './backoff.ts'
import { TaskFlowApiError } from './errors.ts'
import { writeJson } from './json.ts'
import { decodeNdjson, encodeNdjson } from './ndjson.ts'
import { pause } from './pause.ts'
import { parseReply, refusal } from './reply.ts'

/**
 * Makes one API call over `fetch`: adds credentials, limits the time, turns problem replies into errors, and retries.
 *
 * Only calls that are safe to repeat are retried: reads, and submissions with an Idempotency-Key, which have the same
 * effect however often they arrive. A call is retried after a connection failure, 408, 429, 502, 503 and 504: after a
 * random delay that grows, or after the time in `Retry-After`.
 */
export interface TransportOptions {
  readonly url: string
  readonly token: string | undefined
  readonly fetch: typeof globalThis.fetch
  /** The longest time from sending a request to the last byte of its reply. */
  readonly timeoutMs: number
  /** How often a call is repeated after its first failure. */
  readonly retries: number
}

export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  readonly path: string
  readonly query?: Query
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** How long the request lets the server hold the reply; added to the timeout. */
  readonly heldMs?: number
  readonly signal?: AbortSignal | undefined
}

export interface Reply<Body> {
  readonly body: Body
  readonly headers: Headers
}

export interface Transport {
  call<Body>(call: Call): Promise<Reply<Body>>
  /** Sends and receives NDJSON. Never retried, since the sent items are gone; only the signal limits the time. */
  stream<Item>(call: Call, items: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<Item>
}

export function transport(options: TransportOptions): Transport {
  const { token, fetch, timeoutMs, retries } = options
  const base = baseOf(options.url)

  async function call<Body>(request: Call): Promise<Reply<Body>> {
    for (let retry = 0; ; retry++) {
      try {
        return await callOnce<Body>(request)
      } catch (error) {
        if (!(error instanceof TaskFlowApiError) || !isRepeatable(request) || retry >= retries) throw error
        const delayMs = delayBeforeRetryMs(error, retry, Math.random)
        if (delayMs === undefined) throw error
        await pause(delayMs, request.signal)
      }
    }
  }

  async function callOnce<Body>(request: Call): Promise<Reply<Body>> {
    const patienceMs = timeoutMs + (request.heldMs ?? 0)
    const timeout = AbortSignal.timeout(patienceMs)
    const signal = request.signal ? AbortSignal.any([timeout, request.signal]) : timeout
    const body = request.body === undefined ? null : writeJson(request.body, 'The request')
    try {
      const response = await fetch(addressOf(base, request), {
        method: request.method,
        headers: headersOf(request, token, body === null ? undefined : 'application/json'),
        body,
        signal,
      })
      const text = await response.text()
      if (!response.ok) throw refusal(response, text)
      return { body: parseReply<Body>(text, response), headers: response.headers }
    } catch (error) {
      if (error instanceof TaskFlowApiError) throw error
      request.signal?.throwIfAborted()
      throw unreachable(base, timeout.aborted ? `did not answer within ${patienceMs} ms` : undefined, error)
    }
  }

  async function* stream<Item>(request: Call, items: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<Item> {
    const source = encodeNdjson(items)
    const init: RequestInit & { duplex: 'half' } = {
      method: request.method,
      headers: { ...headersOf(request, token, 'application/x-ndjson'), accept: 'application/x-ndjson' },
      body: source.stream,
      // Fetch requires it for a body that is a stream. The reply is read while the request is still being sent.
      duplex: 'half',
      signal: request.signal ?? null,
    }
    try {
      const response = await fetch(addressOf(base, request), init)
      if (!response.ok || !response.body) throw refusal(response, await response.text())
      yield* decodeNdjson<Item>(response.body)
    } catch (error) {
      // Fetch reports an error of the source as a failed connection. The caller should see the error of the source.
      if (source.failure) throw source.failure.error
      if (error instanceof TaskFlowApiError) throw error
      request.signal?.throwIfAborted()
      throw unreachable(base, undefined, error)
    }
  }

  return { call, stream }
}

function baseOf(url: string): string {
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new TypeError(`Expected \`url\` to be an http or https address, got "${url}"`)
  }
  // The lookbehind makes the pattern start only at the first slash: from each slash it would take quadratic time.
  return url.replace(/(?<!\/)\/+$/, '')
}

function addressOf(base: string, { path, query = {} }: Call): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    search.set(name, typeof value === 'object' ? value.join(',') : String(value))
  }
  return `${base}${path}${search.size > 0 ? `?${search}` : ''}`
}

function headersOf(
  { headers = {} }: Call,
  token: string | undefined,
  type: string | undefined,
): Record<string, string> {
  const all = {
    accept: 'application/json, application/problem+json',
    'content-type': type,
    authorization: token === undefined ? undefined : `Bearer ${token}`,
    ...headers,
  }
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

function isRepeatable({ method, headers }: Call): boolean {
  return method === 'GET' || headers?.['idempotency-key'] !== undefined
}

function unreachable(base: string, what: string | undefined, cause: unknown): TaskFlowApiError {
  const detail = `The TaskFlow server at ${base} ${what ?? `cannot be reached${reasonOf(cause)}`}`
  return new TaskFlowApiError('SERVER_UNREACHABLE', detail, {
    hint: 'Check that the server runs and that the address is correct.',
    cause,
  })
}

/** Fetch hides the reason, such as ECONNREFUSED or a certificate error, in the cause of its error. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  const code = (cause as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? ` (${code})` : ''
}
