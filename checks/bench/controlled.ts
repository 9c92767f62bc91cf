/**
 * The end of a measured process that the harness talks to: one JSON object a line over the Unix socket that
 * BENCH_CONTROL names. A process says who it is, and then answers what it is asked; the Python programs speak the same.
 */
import { connect } from 'node:net'
import { createInterface } from 'node:readline'

export type Role = 'producer' | 'worker'

/** Each is given what the harness said, which knows what it asks. */
export type Commands = Readonly<Record<string, (args: never) => unknown>>

/** Answers commands until the harness hangs up. */
export function obey(path: string, role: Role, commands: Commands): void {
  const socket = connect(path)
  // A measured process must end when its work does, whether or not the harness still listens.
  socket.unref()
  const say = (line: object) => socket.write(`${JSON.stringify(line)}\n`)
  say({ role, pid: process.pid })
  createInterface({ input: socket }).on('line', (line) => {
    const { id, command, args } = JSON.parse(line)
    void answer(commands[command], args as never).then((reply) => say({ id, ...reply }))
  })
}

async function answer(run: Commands[string] | undefined, args: never): Promise<object> {
  try {
    if (!run) throw new TypeError('There is no such command')
    return { result: (await run(args)) ?? null }
  } catch (error) {
    return { error: error instanceof Error ? error.stack : String(error) }
  }
}
