import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A network between a client and a server on this machine that can lose every packet without a word. */
export interface HalfOpenProxy {
  readonly port: number
  /** From now on what present connections send goes nowhere, and nobody is told. */
  swallow(options?: { readonly alsoNew?: boolean }): void
  /** New connections go through again; those that were swallowed stay dead. */
  heal(): void
  readonly connections: number
  close(): Promise<void>
}

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

export async function halfOpenProxy(targetPort: number): Promise<HalfOpenProxy> {
  const pairs = new Set<Pair>()
  const sockets = new Set<Socket>()
  let swallowsNew = false

  const listener = createServer((client) => {
    const server = connect({ port: targetPort, host: '127.0.0.1' })
    const pair = { client, server }
    pairs.add(pair)
    client.pipe(server).pipe(client)
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        pairs.delete(pair)
        if (!isSwallowed(pair)) other.destroy()
      })
    }
    if (swallowsNew) swallowPair(pair)
  })
  const swallowed = new WeakSet<Pair>()
  const isSwallowed = (pair: Pair): boolean => swallowed.has(pair)

  function swallowPair(pair: Pair): void {
    swallowed.add(pair)
    pair.client.unpipe(pair.server)
    pair.server.unpipe(pair.client)
    // Read and forgotten: a full buffer would tell the sender.
    pair.client.resume()
    pair.server.resume()
  }

  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    port: (listener.address() as AddressInfo).port,
    swallow({ alsoNew = false } = {}) {
      swallowsNew = alsoNew
      for (const pair of pairs) swallowPair(pair)
    },
    heal() {
      swallowsNew = false
    },
    get connections() {
      return pairs.size
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}
