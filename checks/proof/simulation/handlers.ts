import type { AttemptError, AttemptOutcome } from '@taskflow/tasks'
import type { Witness } from '@taskflow/testing/witness'
import {
  type Channel,
  type ChannelListener,
  type Order,
  type Report,
  type RunnerChannels,
  StartGate,
  type ToRunner,
  unpackOrders,
} from '@taskflow/worker'
import type { Host } from './host.ts'
import type { Story } from './story.ts'
import type { World } from './world.ts'

/** The act of a handler in one attempt, from the payload of the task. */
export interface Act {
  readonly ms: number
  readonly does: 'succeed' | 'fail' | 'fail for good' | 'snooze' | 'kill the runner' | 'kill the process'
  /** Whether the handler ignores its AbortSignal. */
  readonly isStubborn?: boolean
  /** Whether the handler blocks the loop of its runner until it ends: the runner reads no message meanwhile. */
  readonly isBlocking?: boolean
}

/** One act for each start; the last act repeats. */
export interface Script {
  readonly name: string
  readonly acts: readonly Act[]
}

interface Deps {
  readonly world: World
  readonly host: Host
  readonly story: Story
  witness(seen: Witness): void
  /** Returns how often a task has started before, in any process. */
  startsOf(taskId: string): number
  onKillProcess(): void
}

/** The task types of every worker of a run. */
export const TYPES = ['simulated.shared', 'simulated.alone'] as const

// The time of a message between two threads of a process.
const MESSAGE_MS = 0.2
const LOAD_MS = 40
const OBEY_MS = 5
const SNOOZE_MS = 700

const introductions = TYPES.map((type) => ({
  type,
  queue: null,
  priority: null,
  maxAttempts: null,
  retry: { baseMs: 200, factor: 2, maxMs: 2_000, jitter: 'full' as const },
  timeouts: null,
  inputSchema: null,
  isolation: type === 'simulated.alone' ? ('thread' as const) : null,
}))

/** Opens runners whose handlers follow their payloads, in the time of the run. They use the worker's own protocol. */
export function simulatedChannels(deps: Deps): RunnerChannels {
  const open = (listener: ChannelListener): Channel => openRunner(deps, listener)
  return { shared: open, thread: open, process: open }
}

function openRunner(
  { world, host, story, witness, startsOf, onKillProcess }: Deps,
  listener: ChannelListener,
): Channel {
  let isGone = false
  let gate: StartGate | undefined
  let blockedUntilMs = 0
  const running = new Map<number, { readonly order: Order; readonly act: Act }>()
  const steps: (() => void)[] = []

  /** Schedules a step of the loop, unless the runner has ended by then. A blocked loop does it later, in its place. */
  function then(ms: number, does: () => void): void {
    host.receive(ms, () => inTurn(does))
  }

  function inTurn(does: () => void): void {
    if (isGone) return
    if (world.nowMs < blockedUntilMs) steps.push(does)
    else does()
  }

  function block(order: Order, act: Act): void {
    blockedUntilMs = world.nowMs + act.ms
    host.receive(act.ms, () => {
      if (isGone) return
      blockedUntilMs = 0
      end(order, act)
      doWaiting()
    })
  }

  /** Does the steps that have waited for the loop, until one of them blocks it again. */
  function doWaiting(): void {
    while (!isGone && world.nowMs >= blockedUntilMs) {
      const step = steps.shift()
      if (!step) return
      step()
    }
  }

  function begin(order: Order): void {
    if (!gate || gate.begin()) start(order)
    else skip(order)
  }

  function start(order: Order): void {
    const script = JSON.parse(order.payload) as Script
    const starts = startsOf(order.taskId)
    const act = script.acts[Math.min(starts, script.acts.length - 1)] as Act
    running.set(order.key, { order, act })
    const { taskId, leaseId, attempt } = order
    witness({ kind: 'started', atMs: world.nowMs, taskId, leaseId, attempt, process: host.name })
    const how = act.isBlocking ? ', and block its loop until then' : ''
    story.write(host.name, `starts ${script.name} (attempt ${attempt}): it will ${act.does} in ${act.ms} ms${how}`)
    if (act.isBlocking) block(order, act)
    else then(act.ms, () => end(order, act))
  }

  function end(order: Order, act: Act): void {
    if (!running.has(order.key)) return
    if (act.does === 'kill the process') onKillProcess()
    else if (act.does === 'kill the runner') crash()
    else report(order, outcomeOf(act, order))
  }

  function crash(): void {
    isGone = true
    running.clear()
    host.receive(MESSAGE_MS, () => listener.onExit('ended with exit code 1'))
  }

  function report({ key, taskId, leaseId, attempt }: Order, outcome: AttemptOutcome): void {
    running.delete(key)
    const result = outcome.kind === 'succeeded' ? outcome.result : null
    witness({ kind: 'ended', atMs: world.nowMs, taskId, leaseId, attempt, result })
    const succeeded = result === null ? [] : [key, result]
    const ended = result === null ? [{ key, outcome, isAdrift: false }] : []
    send(succeeded, ended)
  }

  function skip({ key }: Order): void {
    send([], [{ key, outcome: { kind: 'released' }, isAdrift: false }])
  }

  function send(succeeded: Report['succeeded'], ended: Report['ended']): void {
    const report = { kind: 'report', succeeded, ended, logs: [], progress: [], beats: [], lateErrors: [] } as const
    then(MESSAGE_MS, () => listener.onMessage(report))
  }

  function abort(key: number, reason: AttemptError): void {
    const attempt = running.get(key)
    if (!attempt) return
    witness({
      kind: 'aborted',
      atMs: world.nowMs,
      taskId: attempt.order.taskId,
      leaseId: attempt.order.leaseId,
      reason: reason.name,
    })
    if (attempt.act.isStubborn) return
    then(OBEY_MS, () => {
      if (running.has(key)) report(attempt.order, { kind: 'failed', error: reason, retryable: true })
    })
  }

  function receive(message: ToRunner): void {
    switch (message.kind) {
      case 'load':
        if (message.gate) gate = new StartGate(message.gate)
        then(LOAD_MS, () => listener.onMessage({ kind: 'ready', types: introductions }))
        break
      case 'run':
        for (const order of unpackOrders(message.orders)) inTurn(() => begin(order))
        break
      case 'abort':
        for (const key of message.keys) abort(key, message.reason)
        break
      case 'ping':
        then(MESSAGE_MS, () => listener.onMessage({ kind: 'pong', number: message.number }))
        break
    }
  }

  return {
    send: (message) => then(MESSAGE_MS, () => receive(message)),
    async kill() {
      isGone = true
      running.clear()
    },
  }
}

function outcomeOf(act: Act, { leaseId }: Order): AttemptOutcome {
  if (act.does === 'succeed') return { kind: 'succeeded', result: JSON.stringify({ leaseId }) }
  if (act.does === 'snooze') return { kind: 'snoozed', delayMs: SNOOZE_MS }
  const error = { name: 'Simulated', message: `The script makes the handler ${act.does}` }
  return { kind: 'failed', error, retryable: act.does === 'fail' }
}
