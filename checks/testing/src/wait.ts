import type { Events, TaskFlowEvents } from '@taskflow/kernel'

interface Bound {
  readonly timeoutMs?: number
  /** The pause between two checks. */
  readonly everyMs?: number
  /** Completes "waited in vain for …". */
  readonly what?: string
}

/**
 * Waits, with a bound, until a check is true or gives a value. For what no event reports: another process, a row that
 * appears. A check that throws ends the wait.
 */
export async function eventually<Value>(
  check: () => Value | Promise<Value>,
  { timeoutMs = 5_000, everyMs = 20, what = `\`${check}\`` }: Bound = {},
): Promise<NonNullable<Exclude<Value, false>>> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const value = await check()
    if (value !== undefined && value !== null && value !== false) return value as NonNullable<Exclude<Value, false>>
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}`)
    await pause(everyMs)
  }
}

/** Collects the next few events of one name, or rejects when they do not come. Listens from the moment it is called. */
export function nextEvents<Name extends keyof TaskFlowEvents>(
  events: Events,
  name: Name,
  { count = 1, timeoutMs = 5_000 }: { readonly count?: number; readonly timeoutMs?: number } = {},
): Promise<TaskFlowEvents[Name][0][]> {
  return new Promise((resolve, reject) => {
    const seen: TaskFlowEvents[Name][0][] = []
    const finish = (settle: () => void) => {
      clearTimeout(timer)
      events.off(name, listener)
      settle()
    }
    const listener = (...[event]: TaskFlowEvents[Name]) => {
      seen.push(event as TaskFlowEvents[Name][0])
      if (seen.length === count) finish(() => resolve(seen))
    }
    const inVain = () =>
      reject(new Error(`Waited ${timeoutMs} ms in vain for ${count} × ${name}, saw ${JSON.stringify(seen)}`))
    const timer = setTimeout(() => finish(inVain), timeoutMs)
    events.on(name, listener)
  })
}

/** Rejects when the work takes longer. */
export async function within<Value>(timeoutMs: number, work: Promise<Value>, what = 'it'): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const inVain = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${timeoutMs} ms in vain for ${what}`)), timeoutMs)
  })
  return Promise.race([work, inVain]).finally(() => clearTimeout(timer))
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
