import type { Clock } from '@taskflow/kernel'
import { type Delivery, type Line, PRIORITIES, type TakeOptions } from '@taskflow/tasks'
import { WOKEN } from '../woken.ts'
import { choose, tasksOf } from './choose.ts'
import { type Asking, hoardingWatch } from './hoarding.ts'
import { type LineConsumer, lineConsumer } from './line-consumer.ts'
import { queueOf } from './line-queue.ts'
import type { Word } from './line-session.ts'
import type { Link } from './link.ts'
import { rollCall } from './roll-call.ts'

// How long a take goes by what is due without a change: longer than deliveries take, short beside a task.
const DUE_MS = 20
// How much longer than it was asked to it may wait for the first answers about its lines.
const SET_UP_MS = 500

export interface Taker {
  take(options: TakeOptions): Promise<Delivery | undefined>
  /** How many of this line are out with this process. */
  heldOf(line: Line): number
  /** Ends takes under way, with nothing. */
  close(): void
}

interface Options {
  readonly taking: Link
  readonly publishing: Link
  readonly clock: Clock
}

/** One take, from its call to its answer. */
interface Take extends Omit<TakeOptions, 'queues'> {
  /** In groups of which the smallest rank goes first, one group after the other. */
  readonly groups: readonly (readonly string[])[]
  readonly words: Word[]
  readonly asking: Asking
  hasLooked: boolean
  failure?: unknown
}

/** Takes from many lines at once, the smallest rank of them all first. */
export function taker({ taking, publishing, clock }: Options): Taker {
  const lines = new Map<string, LineConsumer>()
  const waiting = new Set<() => void>()
  const closing = new AbortController()
  const hoarding = hoardingWatch(clock, closing.signal)
  const roll = rollCall({ taking, publishing, onChange })
  let isTold = false

  /** A turn later: what came together is handed out one by one, and is to be taken together. */
  function onChange(): void {
    if (isTold) return
    isTold = true
    setImmediate(() => {
      isTold = false
      for (const wake of waiting) wake()
      hoarding.look()
    })
  }

  function lineOf(queue: string): LineConsumer {
    let line = lines.get(queue)
    if (!line) {
      line = lineConsumer({ link: taking, clock, queue, onChange })
      lines.set(queue, line)
    }
    return line
  }

  /** Takes what is there, and sees to it that more comes. */
  function look(take: Take): { readonly isDue: boolean; readonly isSettingUp: boolean } {
    const onFailure = (error: unknown): void => {
      take.failure ??= error
      onChange()
    }
    const call = roll.call(take.groups.flat())
    call?.catch(onFailure)
    const groups = take.groups.map((group) => group.filter((queue) => roll.present.has(queue)).map(lineOf))
    const wanted = groups.flat()
    take.asking.cover(wanted)
    // Once for each take, lest a line that fills up be let come more of within the same.
    for (const line of wanted) if (!take.hasLooked || !line.isConsuming) line.want(take.max)?.catch(onFailure)
    take.hasLooked = true
    choose(take.words, groups, take.max)
    const due = wanted.filter((line) => line.isDueBefore(Number.POSITIVE_INFINITY))
    for (const line of due) line.inquire()
    return { isDue: due.length > 0, isSettingUp: call !== undefined || wanted.some(({ isStarting }) => isStarting) }
  }

  /** Until the time is up, something changes, or the take is over. */
  async function pause(ms: number, signal: AbortSignal): Promise<void> {
    const told = new AbortController()
    const wake = (): void => told.abort(WOKEN)
    waiting.add(wake)
    await clock.sleep(ms, AbortSignal.any([signal, closing.signal, told.signal]))
    waiting.delete(wake)
  }

  /** While more are due, it waits for them: a claim costs the database much the same, however many it is of. */
  async function gather(take: Take): Promise<void> {
    const { words, max, waitMs, signal } = take
    const endsAt = clock.monotonicMs() + waitMs
    let enoughAt = Number.POSITIVE_INFINITY
    let hasWaited = false
    while (!signal.aborted && !closing.signal.aborted) {
      const { isDue, isSettingUp } = look(take)
      const now = clock.monotonicMs()
      if (words.length > 0) enoughAt = Math.min(enoughAt, now + DUE_MS)
      if (words.length > 0 && (!isDue || now >= enoughAt || tasksOf(words).size >= max)) return
      if (words.length === 0 && take.failure !== undefined) throw take.failure
      // Where nobody listened until now, it is not yet known that there is nothing. And what has arrived may not be
      // read yet: that takes a turn, which one who asks again and again without waiting would never let come.
      if (now >= endsAt && hasWaited && !isDue && !(isSettingUp && now < endsAt + SET_UP_MS)) return
      await pause(isDue || isSettingUp ? DUE_MS : Math.max(0, endsAt - now), signal)
      hasWaited = true
    }
  }

  return {
    async take(options) {
      const asking = hoarding.begin()
      const take: Take = { ...options, groups: queuesOf(options), words: [], asking, hasLooked: false }
      try {
        await gather(take)
      } catch (error) {
        asking.leave()
        throw error
      }
      const delivery = deliver(take)
      if (take.words.length > 0 && !options.signal.aborted) return delivery
      await delivery.release()
      return undefined
    },
    heldOf: (line) => lines.get(queueOf(line))?.held ?? 0,
    close: () => closing.abort(),
  }
}

function queuesOf({ project, queues, types, isDrawn }: TakeOptions): string[][] {
  const groups = queues.map((queue) =>
    types.flatMap((type) => PRIORITIES.map((priority) => queueOf({ project, queue, type, priority }))),
  )
  return isDrawn ? groups : [groups.flat()]
}

function deliver({ words, asking }: Take): Delivery {
  const byChannel = Map.groupBy(words, ({ unsettled }) => unsettled)
  let isSettled = false

  /** What came by a channel that has closed meanwhile is in the queue again, and stays there. */
  async function settle(how: 'acknowledge' | 'giveBack'): Promise<void> {
    if (isSettled) return
    isSettled = true
    for (const [unsettled, those] of byChannel) unsettled[how](those.map(({ deliveryTag }) => deliveryTag))
    asking.leave()
  }

  return {
    tasks: [...tasksOf(words)],
    acknowledge: () => settle('acknowledge'),
    release: () => settle('giveBack'),
  }
}
