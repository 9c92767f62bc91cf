/**
 * Keeps connections busy with one POST each. Node's own HTTP clients cost more than the server they call, on the same
 * cores, and would hide what is measured; this one writes ready-made bytes, and reads of each reply its status and its end.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

interface Load {
  readonly url: string
  readonly path: string
  readonly token: string
  readonly body: string
  readonly connections: number
}

export interface HttpLoad {
  /** Replies so far. */
  readonly count: number
  stop(): Promise<void>
}

/** Fails the process on any reply that is not the status expected: a rate of refusals means nothing. */
export async function startLoad({ url, path, token, body, connections }: Load): Promise<HttpLoad> {
  const { hostname, port, host } = new URL(url)
  const request = Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  let count = 0
  let isStopping = false

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
      if (isStopping) socket.end()
      else socket.write(request)
    })
    return socket
  }

  const sockets = await Promise.all(Array.from({ length: connections }, open))
  for (const socket of sockets) socket.write(request)

  return {
    get count() {
      return count
    },
    async stop() {
      const closed = sockets.map((socket) => once(socket, 'close'))
      isStopping = true
      await Promise.all(closed)
    },
  }
}

/** Of the first reply in the text, head and body; undefined while its head is not whole. */
export function replyLength(text: string): number | undefined {
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return undefined
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))?.[1]
  if (length === undefined) throw new Error(`Expected a reply with a length, got ${text.slice(0, head)}`)
  return head + 4 + Number(length)
}
