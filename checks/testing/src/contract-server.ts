import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Answer, type Asked, answer, contractState, problem } from './contract-answers.ts'

/**
 * A server that plays the HTTP contract in memory, for tests of the SDK and the CLI: it keeps tasks but
 * runs none, remembers what it was asked, and fails as it is told. It can do what a real one does only
 * on a bad day: drop a connection before or after the work was done, or answer like a broken proxy.
 */
export type Failure = 'dropBefore' | 'dropAfter' | Answer

export interface ContractServer {
  readonly url: string
  readonly state: ReturnType<typeof contractState>
  /** Every request so far, the failed ones included. */
  readonly asked: readonly Asked[]
  /** The next requests fail so, one each. */
  failNext(...failures: readonly Failure[]): void
  stop(): Promise<void>
}

export async function contractServer({ token }: { token?: string } = {}): Promise<ContractServer> {
  const state = contractState()
  const asked: Asked[] = []
  const failures: Failure[] = []

  const server = createServer(async (request, response) => {
    const ask = await readAsked(request).catch(() => undefined)
    // The caller went away while still speaking.
    if (!ask) return
    asked.push(ask)
    const failure = failures.shift()
    if (failure === 'dropBefore') return void request.socket.destroy()
    if (typeof failure === 'object') return reply(response, failure)
    const allowed = token === undefined || ask.path === '/health' || ask.headers.authorization === `Bearer ${token}`
    const replied = allowed ? await answer(state, ask) : problem(401, 'UNAUTHENTICATED', 'The API key is not known')
    if (failure === 'dropAfter') return void request.socket.destroy()
    reply(response, replied)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    asked,
    failNext: (...more) => void failures.push(...more),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function readAsked(request: IncomingMessage): Promise<Asked> {
  const url = new URL(request.url ?? '/', 'http://contract')
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += chunk
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body,
  }
}

function reply(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  const isText = typeof body === 'string'
  const type = status >= 400 ? 'application/problem+json' : 'application/json'
  response.writeHead(status, { 'content-type': isText ? 'text/plain' : type, 'x-request-id': 'request-1', ...headers })
  response.end(isText ? body : JSON.stringify(body))
}
