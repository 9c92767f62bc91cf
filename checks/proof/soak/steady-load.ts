import { Agent, request } from 'node:http'
import { nowMs } from '@taskflow/testing/measuring/machine-clock'
import { type Submission, submissionAt } from './mix.ts'

interface Load {
  readonly url: string
  readonly token: string
  /** Submissions per second. */
  readonly rate: number
  /** Records the answers that callers receive. */
  note(line: string): void
}

/** The calls since the last `take`. */
export interface Calls {
  readonly latenciesMs: readonly number[]
  readonly failures: number
  /** The number of calls that wait for an answer. */
  readonly inFlight: number
}

export interface SteadyLoad {
  take(): Calls
  /** The first few answers that no caller may receive. */
  readonly complaints: readonly string[]
  readonly submitted: number
  /** Stops submitting. Resolves when every call has its answer. */
  stop(): Promise<void>
}

// Short enough that two hundred calls a second are sent one by one; late calls are sent with the next tick.
const TICK_MS = 5
const MAX_SOCKETS = 64
const MAX_COMPLAINTS = 10
const PATIENCE_MS = 30_000

/**
 * Submits at a fixed rate, without waiting for answers. A caller that waits for each answer would measure a slow server
 * less often, and report latencies that are too low.
 */
export function steadyLoad({ url, token, rate, note }: Load): SteadyLoad {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS })
  const { hostname, port } = new URL(url)
  const complaints: string[] = []
  const open = new Set<Promise<void>>()
  let latenciesMs: number[] = []
  let failures = 0
  let submitted = 0
  const startedMs = nowMs()
  const timer = setInterval(() => {
    const due = Math.floor(((nowMs() - startedMs) / 1_000) * rate)
    while (submitted < due) track(submit(submissionAt(submitted++)))
  }, TICK_MS)

  function track(work: Promise<void>): void {
    const counted = work.catch((error: Error) => {
      failures++
      if (complaints.length < MAX_COMPLAINTS) complaints.push(error.message)
    })
    open.add(counted)
    void counted.then(() => open.delete(counted))
  }

  async function submit({ task, key, isRepeated = false, cancelAfterMs }: Submission): Promise<void> {
    const at = nowMs()
    const body = JSON.stringify({ ...task, payload: { at, delayMs: task.delayMs ?? 0 } })
    for (let time = 0; time <= Number(isRepeated); time++) {
      const calledMs = nowMs()
      const { id } = await post('/v1/tasks', body, 201, key)
      latenciesMs.push(nowMs() - calledMs)
      note(`submitted ${nowMs().toFixed(3)} ${id} ${key ?? '-'}`)
      if (cancelAfterMs === undefined) continue
      await new Promise((resolve) => setTimeout(resolve, cancelAfterMs))
      const { state } = await post(`/v1/tasks/${id}/cancel`, '', 200)
      note(`cancelled ${nowMs().toFixed(3)} ${id} ${state}`)
    }
  }

  function post(path: string, body: string, expected: number, key?: string): Promise<{ id: string; state: string }> {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-length': Buffer.byteLength(body),
      ...(body !== '' && { 'content-type': 'application/json' }),
      ...(key !== undefined && { 'idempotency-key': key }),
    }
    return new Promise((resolve, reject) => {
      const call = request({ agent, hostname, port, path, method: 'POST', headers, timeout: PATIENCE_MS }, (reply) => {
        let text = ''
        reply.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        reply.on('error', reject)
        reply.on('end', () => {
          if (reply.statusCode === expected) resolve(JSON.parse(text))
          else reject(new Error(`Expected ${expected} from ${path}, got ${reply.statusCode}: ${text.slice(0, 300)}`))
        })
      })
      call.on('timeout', () => call.destroy(new Error(`No answer to ${path} within ${PATIENCE_MS} ms`)))
      call.on('error', reject)
      call.end(body)
    })
  }

  return {
    complaints,
    get submitted() {
      return submitted
    },
    take() {
      const taken = { latenciesMs, failures, inFlight: open.size }
      latenciesMs = []
      failures = 0
      return taken
    },
    async stop() {
      clearInterval(timer)
      await Promise.all(open)
      agent.destroy()
    },
  }
}
