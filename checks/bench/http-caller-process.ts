/** `node http-caller-process.ts`: calls an API as the harness commands. */
import { setTimeout as pause } from 'node:timers/promises'
import { nowMs } from '@taskflow/testing/measuring/machine-clock'
import { submitNdjson } from './api.ts'
import { obey } from './controlled.ts'
import { startLoad } from './http-load.ts'
import { taskBody } from './task-body.ts'

interface Calls {
  readonly url: string
  readonly forMs: number
}

obey(process.env.BENCH_CONTROL ?? '', 'producer', {
  /** One task per call; each connection has one call in flight. */
  async singles({ url, forMs, connections }: Calls & { connections: number }) {
    const load = await startLoad({ url, body: taskBody, connections })
    const [before, beganMs] = [load.count, nowMs()]
    await pause(forMs)
    await load.stop()
    return { count: load.count - before, beganMs, endedMs: nowMs() }
  },
  /** That many tasks per request, one request after another. */
  async lines({ url, forMs, lines }: Calls & { lines: number }) {
    const body = Buffer.from(`${taskBody}\n`.repeat(lines))
    const beganMs = nowMs()
    let count = 0
    while (nowMs() - beganMs < forMs) {
      await submitNdjson({ url }, body, lines)
      count += lines
    }
    return { count, beganMs, endedMs: nowMs() }
  },
})

process.once('SIGTERM', () => process.exit())
// The control socket does not keep the process alive.
setInterval(() => {}, 60_000)
