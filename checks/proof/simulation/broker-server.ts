import { TaskFlowError } from '@taskflow/kernel'
import type { Broker, Delivery, Dispatch, Line, TakeOptions, TaskId } from '@taskflow/tasks'
import type { Host } from './host.ts'
import { type Network, PATIENCE_MS } from './network.ts'
import type { Story } from './story.ts'
import type { World } from './world.ts'

// As long as the adapter for Redis lets a taker hold what it took.
const HOLD_MS = 5_000
const POLL_MS = 1_000

/** What a taker says it is done with, when it says so. */
export interface Acknowledged {
  readonly host: Host
  readonly ids: readonly TaskId[]
}

export interface BrokerServer {
  /** The broker, over the network, for one process. */
  of(host: Host): Broker
  isAway: boolean
  /** Everything it knew is gone, and nobody is told. */
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

const keyOf = ({ project, queue, type, priority }: Line): string => `${project}/${queue}/${type}/${priority}`

/**
 * A broker as the adapter for Redis makes of one: lines by rank, what is taken is held until it is acknowledged or its time is
 * over, and word of what is new. It keeps nothing that must not be lost, so a run may wipe it.
 */
export function brokerServer({ world, network, story, onAcknowledged }: Deps): BrokerServer {
  const lines = new Map<string, Map<TaskId, Dispatch>>()
  const held = new Map<string, Held>()
  const waiting = new Set<{ readonly host: Host; readonly keys: ReadonlySet<string>; wake(): void }>()
  let isAway = false

  const heldKey = (dispatch: Dispatch): string => `${keyOf(dispatch)}/${dispatch.taskId}`

  function put(dispatch: Dispatch): void {
    const key = keyOf(dispatch)
    lines.set(key, (lines.get(key) ?? new Map()).set(dispatch.taskId, dispatch))
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
    const found = keys.flatMap((key) => [...(lines.get(key)?.values() ?? [])])
    const taken = found.toSorted((a, b) => a.rankMs - b.rankMs).slice(0, max)
    for (const dispatch of taken) {
      lines.get(keyOf(dispatch))?.delete(dispatch.taskId)
      held.set(heldKey(dispatch), { dispatch, untilMs: world.nowMs + HOLD_MS })
    }
    return taken
  }

  const PRIORITIES = ['critical', 'high', 'normal', 'low'] as const
  const keysOf = ({ project, queues, types }: TakeOptions): string[] =>
    queues.flatMap((queue) =>
      types.flatMap((type) => PRIORITIES.map((priority) => keyOf({ project, queue, type, priority }))),
    )

  const depthOf = (line: Line): number => {
    const key = keyOf(line)
    const out = [...held.values()].filter(({ dispatch }) => keyOf(dispatch) === key).length
    return (lines.get(key)?.size ?? 0) + out
  }

  function linkOf(host: Host): Broker {
    function call<Result>(what: string, does: () => Result): Promise<Result> {
      const fate = network.fate()
      return new Promise<Result>((resolve, reject) => {
        const refuse = (ms: number, why: string): void =>
          host.receive(ms, () => {
            story.tell(host.name, `hears nothing of ${what} from the broker: ${why}`)
            reject(new TaskFlowError('BROKER_UNAVAILABLE', `The broker does not answer (${why})`))
          })
        if (network.isCut(host)) return refuse(PATIENCE_MS, 'it was never sent')
        if (isAway || fate.kind === 'never sent') return refuse(1, 'it was never sent')
        if (fate.kind === 'done, not answered') refuse(fate.refusedMs, 'the answer was lost')
        world.after(fate.outMs, () => {
          if (isAway) {
            if (fate.kind === 'answered') refuse(1, 'it went away')
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

    /** Until there is word, the time is up, or the signal aborts. */
    async function waitForWord(keys: readonly string[], ms: number, signal: AbortSignal): Promise<void> {
      const told = new AbortController()
      const wake = (): void => told.abort()
      const entry = { host, keys: new Set(keys), wake }
      waiting.add(entry)
      signal.addEventListener('abort', wake)
      await host.clock.sleep(ms, told.signal)
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
          const taken = await call('a take', () => takeFrom(keys, options.max))
          if (taken.length > 0) {
            const delivery = deliver(taken)
            if (!options.signal.aborted) return delivery
            await delivery.release()
            break
          }
          const leftMs = endAt - clock.monotonicMs()
          if (leftMs <= 0) break
          await waitForWord(keys, Math.min(leftMs, POLL_MS), options.signal)
        }
        return undefined
      },
      depths: (asked) => call('a count', () => asked.map(depthOf)),
      ping: () => call('a ping', () => {}),
      async close() {},
    }
  }

  return {
    of: linkOf,
    get isAway() {
      return isAway
    },
    set isAway(next) {
      isAway = next
    },
    wipe() {
      lines.clear()
      held.clear()
    },
  }
}
