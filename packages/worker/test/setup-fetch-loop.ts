import { EventEmitter } from 'node:events'
import type { TaskFlowEvents } from '@taskflow/kernel'
import type { ClaimRequest, Delivery, Lease, TakeOptions, WorkerId } from '@taskflow/tasks'
import { newTaskType } from '@taskflow/testing/factories'
import { handClock, settled } from '@taskflow/testing/hand-clock'
import { onTestFinished } from 'vitest'
import { holdAttempt } from '../src/attempts/held-attempt.ts'
import { Slots } from '../src/attempts/slots.ts'
import { Claimer } from '../src/fetching/claimer.ts'
import { FetchLoop } from '../src/fetching/fetch-loop.ts'
import { prefetch } from '../src/fetching/prefetch.ts'
import { wakeSignal } from '../src/wake-signal.ts'

const WORKER = 'w' as WorkerId

/** A call that the test answers. */
interface Call<Request, Answer> extends PromiseWithResolvers<Answer> {
  readonly request: Request
}

function answeredByHand<Request, Answer>() {
  const calls: Call<Request, Answer>[] = []
  const send = (request: Request): Promise<Answer> => {
    const call = { request, ...Promise.withResolvers<Answer>() }
    calls.push(call)
    return call.promise
  }
  return { calls, send }
}

/** A fetch loop whose takes and claims a test answers one by one. The end of the test stops the loop. */
export function setupFetchLoop({ slotCount = 4 } = {}) {
  const byHand = handClock()
  const state = { workerId: WORKER as WorkerId | undefined, frozenMs: 0, types: ['a'] as readonly string[] }
  const clock = { ...byHand, monotonicMs: () => byHand.monotonicMs() + state.frozenMs }
  const events = new EventEmitter<TaskFlowEvents>()
  const takes = answeredByHand<TakeOptions, Delivery | undefined>()
  const claims = answeredByHand<ClaimRequest, Lease[]>()
  const slots = new Slots(slotCount)
  /** The outcomes of deliveries and leases, in order. */
  const done: string[] = []
  const errors: unknown[] = []
  const stalls: number[] = []
  events.on('fetch.stalled', ({ sinceMs }) => stalls.push(sinceMs))

  const type = { ...newTaskType('a'), isolation: null }
  let key = 0
  const prefetching = prefetch({ clock, slots })
  const claimer = new Claimer({
    storage: { claimTasks: claims.send },
    types: [],
    slots,
    leases: {
      accept(leases) {
        done.push(`run ${leases.length}`)
        for (const each of leases) slots.add(holdAttempt(++key, each, type, clock.monotonicMs()))
      },
      release: (leases) => done.push(`release ${leases.length}`),
    },
    prefetch: prefetching,
    clock,
    events,
  })
  const subject = new FetchLoop({
    broker: { take: takes.send },
    claimer,
    permission: {
      get types() {
        return state.types
      },
      get workerId() {
        return state.workerId
      },
      async whenGranted(signal) {
        while (state.workerId === undefined && !signal.aborted) await clock.sleep(50, signal)
      },
    },
    slots,
    settler: { pending: 0, change: wakeSignal() },
    prefetch: prefetching,
    clock,
    ids: { next: () => '0190a0b0-c0d0-7000-8000-000000000001' },
    events,
    project: 'p',
    nextQueues: () => ({ queues: ['q'], isDrawn: false }),
    onError: (error) => errors.push(error),
  })
  onTestFinished(async () => {
    const stopped = subject.stop()
    for (const { resolve } of takes.calls) resolve(undefined)
    for (const { resolve } of claims.calls) resolve([])
    await stopped
  })

  const delivery = (tasks: Delivery['tasks'] = 'any'): Delivery => ({
    tasks,
    acknowledge: async (claimed) => void done.push(`acknowledge ${claimed}`),
    release: async () => void done.push('release delivery'),
  })

  async function answer<Request, Answer>({ calls }: { calls: Call<Request, Answer>[] }, nth: number, given: Answer) {
    const call = calls[nth]
    if (!call) throw new Error(`Expected ${nth + 1} calls, got ${calls.length}`)
    call.resolve(given)
    await settled()
  }

  return {
    subject,
    claimer,
    clock,
    slots,
    done,
    errors,
    stalls,
    state,
    takes: takes.calls,
    claims: claims.calls,
    delivery,
    deliver: (nth: number, given: Delivery | undefined) => answer(takes, nth, given),
    grant: (nth: number, ...given: Lease[]) => answer(claims, nth, given),
    async start() {
      subject.start()
      await settled()
    },
  }
}
