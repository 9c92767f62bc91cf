import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A network between a client and a server on this machine that can lose every packet without a word, or bring each late. */
export interface HalfOpenProxy {
  readonly port: number
  /** Drops, from now on, all that current connections send, and notifies neither end. */
  swallow(options?: { readonly alsoNew?: boolean }): void
  /** Delays, from now on, everything by this long in each direction. */
  slow(delayMs: number): void
  /** New connections go through again, and nothing is late; those that were swallowed stay dead. */
  heal(): void
  /** New connections lead to this port of this machine; current ones stay where they are. */
  leadTo(port: number): void
  readonly connections: number
  close(): Promise<void>
}

interface Pair {
  readonly client: Socket
  readonly server: Socket
  isSwallowed: boolean
}

// So much may be on its way before the sender is held up.
const IN_FLIGHT_BYTES = 1_048_576

export async function halfOpenProxy(firstPort: number): Promise<HalfOpenProxy> {
  let targetPort = firstPort
  const pairs = new Set<Pair>()
  const sockets = new Set<Socket>()
  let swallowsNew = false
  let delayMs = 0

  /** Brings what one end sends to the other, in order, and each as late as the network was when it was sent. */
  function relay(pair: Pair, from: Socket, to: Socket): void {
    const late: { readonly dueMs: number; readonly bytes: number; arrive(): void }[] = []
    let lateBytes = 0

    function arriveDue(): void {
      while (late[0] && late[0].dueMs <= performance.now()) {
        const { bytes, arrive } = late.shift() as (typeof late)[number]
        lateBytes -= bytes
        if (!pair.isSwallowed) arrive()
      }
      if (late[0]) setTimeout(arriveDue, late[0].dueMs - performance.now())
      if (lateBytes < IN_FLIGHT_BYTES && !to.writableNeedDrain) from.resume()
    }
    function send(bytes: number, arrive: () => void): void {
      if (pair.isSwallowed) return
      if (delayMs === 0 && late.length === 0) {
        arrive()
        return
      }
      lateBytes += bytes
      if (lateBytes >= IN_FLIGHT_BYTES) from.pause()
      if (late.push({ dueMs: performance.now() + delayMs, bytes, arrive }) === 1) setTimeout(arriveDue, delayMs)
    }

    sockets.add(from)
    from.on('data', (chunk) =>
      send(chunk.length, () => {
        if (!to.write(chunk)) from.pause()
      }),
    )
    to.on('drain', () => from.resume())
    // A swallowed connection ends without notice to the other end.
    from.on('end', () => (pair.isSwallowed ? from.destroy() : send(0, () => to.end())))
    from.on('error', () => {})
    from.on('close', () => {
      sockets.delete(from)
      pairs.delete(pair)
      send(0, () => to.destroy())
    })
  }

  const listener = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true })
    const pair = { client, server, isSwallowed: swallowsNew }
    pairs.add(pair)
    relay(pair, client, server)
    relay(pair, server, client)
  })

  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    port: (listener.address() as AddressInfo).port,
    swallow({ alsoNew = false } = {}) {
      swallowsNew = alsoNew
      for (const pair of pairs) {
        pair.isSwallowed = true
        // Read and dropped: a full buffer would stop the sender, who would notice.
        pair.client.resume()
        pair.server.resume()
      }
    },
    slow(ms) {
      delayMs = ms
    },
    heal() {
      swallowsNew = false
      delayMs = 0
    },
    leadTo(port) {
      targetPort = port
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
