import { TaskFlowError } from '@taskflow/kernel'
import type { Broker, Delivery, Dispatch, Subqueue, TakeOptions, TaskId } from '@taskflow/tasks'
import type { Host } from './host.ts'
import { type Network, PATIENCE_MS } from './network.ts'
import type { Story } from './story.ts'
import type { World } from './world.ts'

// The time for which the adapter for Redis lets a consumer hold what it took.
const HOLD_MS = 5_000
const POLL_MS = 1_000

/** The dispatches that a consumer acknowledges. */
export interface Acknowledged {
  readonly host: Host
  readonly ids: readonly TaskId[]
}

export interface BrokerServer {
  /** Returns the broker as one process reaches it over the network. */
  of(host: Host): Broker
  isUnavailable: boolean
  /** Deletes all dispatches without any notification. */
  wipe(): void
}

interface Deps {
  readonly world: World
  readonly network: Network
  readonly story: Story
  onAcknowledged(acknowledged: Acknowledged): void
}

interface Held {
  readonly dispatch: Dispatch
  readonly untilMs: number
}

const keyOf = ({ project, queue, type, priority }: Subqueue): string => `${project}/${queue}/${type}/${priority}`

/**
 * Simulates a broker with the semantics of the adapter for Redis: subqueues ordered by rank, taken dispatches that are
 * held until they are acknowledged or expire, and wake-ups for new ones. A run may wipe the broker, which holds nothing
 * that must not be lost.
 */
export function brokerServer({ world, network, story, onAcknowledged }: Deps): BrokerServer {
  const subqueues = new Map<string, Map<TaskId, Dispatch>>()
  const held = new Map<string, Held>()
  const waiting = new Set<{ readonly host: Host; readonly keys: ReadonlySet<string>; wake(): void }>()
  let isUnavailable = false

  const heldKey = (dispatch: Dispatch): string => `${keyOf(dispatch)}/${dispatch.taskId}`

  function put(dispatch: Dispatch): void {
    const key = keyOf(dispatch)
    subqueues.set(key, (subqueues.get(key) ?? new Map()).set(dispatch.taskId, dispatch))
    for (const { host, keys, wake } of waiting)
      if (keys.has(key) && !network.isCut(host)) for (const ms of network.copies()) host.receive(ms, wake)
  }

  function recover(): void {
    for (const [key, { dispatch, untilMs }] of held) {
      if (untilMs > world.nowMs) continue
      held.delete(key)
      put(dispatch)
    }
  }

  function takeFrom(keys: readonly string[], max: number): Dispatch[] {
    recover()
    const found = keys.flatMap((key) => [...(subqueues.get(key)?.values() ?? [])])
    const taken = found.toSorted((a, b) => a.rankMs - b.rankMs).slice(0, max)
    for (const dispatch of taken) {
      subqueues.get(keyOf(dispatch))?.delete(dispatch.taskId)
      held.set(heldKey(dispatch), { dispatch, untilMs: world.nowMs + HOLD_MS })
    }
    return taken
  }

  const PRIORITIES = ['critical', 'high', 'normal', 'low'] as const
  const keysOf = ({ project, queues, types }: TakeOptions): string[] =>
    queues.flatMap((queue) =>
      types.flatMap((type) => PRIORITIES.map((priority) => keyOf({ project, queue, type, priority }))),
    )

  const depthOf = (line: Subqueue): number => {
    const key = keyOf(line)
    const out = [...held.values()].filter(({ dispatch }) => keyOf(dispatch) === key).length
    return (subqueues.get(key)?.size ?? 0) + out
  }

  function linkOf(host: Host): Broker {
    function call<Result>(what: string, does: () => Result): Promise<Result> {
      const fate = network.fate()
      return new Promise<Result>((resolve, reject) => {
        const refuse = (ms: number, why: string): void =>
          host.receive(ms, () => {
            story.write(host.name, `receives no answer to ${what} from the broker: ${why}`)
            reject(new TaskFlowError('BROKER_UNAVAILABLE', `The broker does not answer (${why})`))
          })
        if (network.isCut(host)) return refuse(PATIENCE_MS, 'it was never sent')
        if (isUnavailable || fate.kind === 'never sent') return refuse(1, 'it was never sent')
        if (fate.kind === 'done, not answered') refuse(fate.refusedMs, 'the answer was lost')
        world.after(fate.outMs, () => {
          if (isUnavailable) {
            if (fate.kind === 'answered') refuse(1, 'the broker became unavailable')
            return
          }
          const result = does()
          if (fate.kind !== 'answered') return
          if (network.isCut(host)) refuse(PATIENCE_MS, 'the answer was lost')
          else host.receive(fate.backMs, () => resolve(result))
        })
      })
    }

    function deliver(taken: readonly Dispatch[]): Delivery {
      const ids = [...new Set(taken.map(({ taskId }) => taskId))]
      return {
        tasks: ids,
        acknowledge: () =>
          call('an acknowledgement', () => {
            onAcknowledged({ host, ids })
            for (const dispatch of taken) held.delete(heldKey(dispatch))
          }),
        release: () =>
          call('a release', () => {
            for (const dispatch of taken) if (held.delete(heldKey(dispatch))) put(dispatch)
          }),
      }
    }

    /** Waits for a wake-up, for the timeout, or until the signal aborts. */
    async function waitForWakeUp(keys: readonly string[], ms: number, signal: AbortSignal): Promise<void> {
      const woken = new AbortController()
      const wake = (): void => woken.abort()
      const entry = { host, keys: new Set(keys), wake }
      waiting.add(entry)
      signal.addEventListener('abort', wake)
      await host.clock.sleep(ms, woken.signal)
      signal.removeEventListener('abort', wake)
      waiting.delete(entry)
    }

    return {
      name: 'redis',
      publish: (dispatches) =>
        call('a publication', () => {
          for (const dispatch of dispatches) put(dispatch)
        }),
      async take(options) {
        const keys = keysOf(options)
        const { clock } = host
        const endAt = clock.monotonicMs() + options.waitMs
        while (!options.signal.aborted) {
          const taken = await call('a request for tasks', () => takeFrom(keys, options.max))
          if (taken.length > 0) {
            const delivery = deliver(taken)
            if (!options.signal.aborted) return delivery
            await delivery.release()
            break
          }
          const leftMs = endAt - clock.monotonicMs()
          if (leftMs <= 0) break
          await waitForWakeUp(keys, Math.min(leftMs, POLL_MS), options.signal)
        }
        return undefined
      },
      depths: (requested) => call('a count', () => requested.map(depthOf)),
      ping: () => call('a ping', () => {}),
      async close() {},
    }
  }

  return {
    of: linkOf,
    get isUnavailable() {
      return isUnavailable
    },
    set isUnavailable(next) {
      isUnavailable = next
    },
    wipe() {
      subqueues.clear()
      held.clear()
    },
  }
}
