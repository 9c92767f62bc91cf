import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { tempFolder } from '@taskflow/testing/temp-folder'
import type { Role } from './controlled.ts'

/** A measured process, or a thread of one, as the harness sees it. */
export interface Agent {
  readonly pid: number
  ask<Reply>(command: string, args?: object): Promise<Reply>
}

/** The socket that the processes of one contender report to. */
export interface Control {
  /** Leads a process to the socket. */
  readonly env: Readonly<Record<string, string>>
  /** Resolves with the next process of that role that reports. */
  next(role: Role): Promise<Agent>
  close(): void
}

export async function openControl(): Promise<Control> {
  const folder = tempFolder('bench')
  const path = join(folder.path, 'control')
  const sockets = new Set<Socket>()
  const waiting: Record<Role, ((agent: Agent) => void)[]> = { producer: [], worker: [] }
  const arrived: Record<Role, Agent[]> = { producer: [], worker: [] }

  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    welcome(socket, (role, agent) => {
      const meet = waiting[role].shift()
      if (meet) meet(agent)
      else arrived[role].push(agent)
    })
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))

  return {
    env: { BENCH_CONTROL: path },
    next(role) {
      const agent = arrived[role].shift()
      return agent ? Promise.resolve(agent) : new Promise((resolve) => waiting[role].push(resolve))
    },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      folder.remove()
    },
  }
}

interface Line {
  readonly role?: Role
  readonly pid?: number
  readonly id?: number
  readonly result?: unknown
  readonly error?: string
}

function welcome(socket: Socket, onHello: (role: Role, agent: Agent) => void): void {
  const asked = new Map<number, PromiseWithResolvers<unknown>>()
  let count = 0

  function ask<Reply>(command: string, args: object = {}): Promise<Reply> {
    const reply = Promise.withResolvers<unknown>()
    asked.set(++count, reply)
    socket.write(`${JSON.stringify({ id: count, command, args })}\n`)
    return reply.promise as Promise<Reply>
  }
  socket.once('close', () => {
    for (const { reject } of asked.values()) reject(new Error('A measured process hung up'))
  })
  createInterface({ input: socket }).on('line', (text) => {
    const { role, pid = 0, id = 0, result, error } = JSON.parse(text) as Line
    if (role) return onHello(role, { pid, ask })
    const reply = asked.get(id)
    asked.delete(id)
    if (error === undefined) reply?.resolve(result)
    else reply?.reject(new Error(error))
  })
}
