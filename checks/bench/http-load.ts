/**
 * Keeps connections busy with one POST each. Node's own HTTP clients use more CPU time than the server they call, on
 * the same cores, and would hide what is measured. This client writes ready-made bytes, and reads only the status and
 * the end of a reply.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

import { ADMIN_TOKEN } from '@taskflow/testing/start-taskflow'

interface Load {
  readonly url: string
  /** The JSON of one task. */
  readonly body: string
  readonly connections: number
  /** The number of tasks to submit; without limit where absent. */
  readonly most?: number
}

export interface HttpLoad {
  /** Replies so far. */
  readonly count: number
  /** Resolves once the last reply has come. */
  readonly ended: Promise<unknown>
  stop(): Promise<void>
}

/** Submits tasks one by one. Fails the process on any reply but 201: a rate of refusals means nothing. */
export async function startLoad({ url, body, connections, most = Number.POSITIVE_INFINITY }: Load): Promise<HttpLoad> {
  const { hostname, port, host } = new URL(url)
  const request = Buffer.from(
    `POST /v1/tasks HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  let count = 0
  let left = most

  async function open(): Promise<Socket> {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    await once(socket, 'connect')
    let pending = ''
    socket.setEncoding('latin1').on('data', (text: string) => {
      pending += text
      const length = replyLength(pending)
      if (length === undefined || pending.length < length) return
      if (!pending.startsWith('HTTP/1.1 201')) throw new Error(`Expected 201, got ${pending}`)
      pending = pending.slice(length)
      count++
      submitOn(socket)
    })
    return socket
  }

  function submitOn(socket: Socket): void {
    if (left-- > 0) socket.write(request)
    else socket.end()
  }

  const sockets = await Promise.all(Array.from({ length: connections }, open))
  const ended = Promise.all(sockets.map((socket) => once(socket, 'close')))
  for (const socket of sockets) submitOn(socket)

  return {
    ended,
    get count() {
      return count
    },
    async stop() {
      left = 0
      await ended
    },
  }
}

/** The length of the first reply in the text, head and body; undefined while its head is not whole. */
export function replyLength(text: string): number | undefined {
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return undefined
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))?.[1]
  if (length === undefined) throw new Error(`Expected a reply with a length, got ${text.slice(0, head)}`)
  return head + 4 + Number(length)
}
