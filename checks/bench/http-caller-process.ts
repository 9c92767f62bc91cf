/** `node http-caller-process.ts`: calls an API as the harness says. */
import { once } from 'node:events'
import { request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { obey } from './controlled.ts'
import { startLoad } from './http-load.ts'
import { nowMs } from './moment.ts'
import { taskBody } from './task-body.ts'

interface Calls {
  readonly url: string
  readonly token: string
  readonly forMs: number
}

obey(process.env.BENCH_CONTROL ?? '', 'producer', {
  /** One task a call, each connection with one call in flight. */
  async singles({ url, token, forMs, connections }: Calls & { connections: number }) {
    const load = await startLoad({ url, path: '/v1/tasks', token, body: taskBody, connections })
    const [before, beganMs] = [load.count, nowMs()]
    await pause(forMs)
    await load.stop()
    return { count: load.count - before, beganMs, endedMs: nowMs() }
  },
  /** So many tasks a request, one request after the other. */
  async lines({ url, token, forMs, lines }: Calls & { lines: number }) {
    const body = Buffer.from(`${taskBody}\n`.repeat(lines))
    const beganMs = nowMs()
    let count = 0
    while (nowMs() - beganMs < forMs) {
      await submitLines(url, token, body, lines)
      count += lines
    }
    return { count, beganMs, endedMs: nowMs() }
  },
})

async function submitLines(url: string, token: string, body: Buffer, lines: number): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' }
  const outgoing = request(`${url}/v1/tasks/batch`, { method: 'POST', headers })
  outgoing.end(body)
  const [reply] = await once(outgoing, 'response')
  let [stored, rest] = [0, '']
  for await (const chunk of reply.setEncoding('utf8')) {
    const text = rest + chunk
    const end = text.lastIndexOf('\n') + 1
    rest = text.slice(end)
    stored += text.slice(0, end).match(/"id":/g)?.length ?? 0
  }
  if (stored !== lines) throw new Error(`Expected ${lines} tasks stored, got ${stored}, and ${rest}`)
}

process.once('SIGTERM', () => process.exit())
// The control socket keeps nothing alive.
setInterval(() => {}, 60_000)
