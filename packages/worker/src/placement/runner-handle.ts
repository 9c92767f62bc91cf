import { type Clock, TaskFlowError } from '@taskflow/kernel'
import type { AttemptError } from '@taskflow/tasks'
import { packOrders } from '../packed.ts'
import type { Order, Report, TaskTypeIntroduction } from '../protocol.ts'
import type { Placement, RunnerChannels } from './channel.ts'

/** One runner, seen from the agent. */
export interface RunnerHandle {
  readonly placement: Placement
  /** Resolves with the task types it has loaded; rejects with SETTINGS_INVALID when it cannot. */
  readonly ready: Promise<readonly TaskTypeIntroduction[]>
  readonly isGone: boolean
  run(orders: readonly Order[]): void
  abort(keys: readonly number[], reason: AttemptError): void
  /** Asks its loop for a sign of life; gives the number of the question. */
  ping(): number
  hasAnswered(ping: number): boolean
  /** How late its loop answers, in milliseconds. */
  lagMs(): number
  /** Ends it at once. Its exit is then not reported. */
  kill(): Promise<void>
}

interface Options {
  readonly placement: Placement
  readonly channels: RunnerChannels
  readonly folder: string
  readonly clock: Clock
  onReport(report: Report, runner: RunnerHandle): void
  /** It ended against our will, having loaded its modules; before that, `ready` rejects instead. */
  onCrash(how: string, runner: RunnerHandle): void
}

export function startRunner({ placement, channels, folder, clock, onReport, onCrash }: Options): RunnerHandle {
  const { promise: ready, resolve, reject } = Promise.withResolvers<readonly TaskTypeIntroduction[]>()
  // Whoever needs the runner awaits it; one that is killed before nobody needs.
  ready.catch(() => {})
  const pulse = pulseOf(clock)
  let isGone = false
  let isReady = false
  let isKilled = false
  let lastWords = ''

  const channel = channels[placement]({
    onMessage(message) {
      if (isGone) return
      if (message.kind === 'report') onReport(message, handle)
      else if (message.kind === 'pong') pulse.answer(message.number)
      else if (message.kind === 'ready') {
        isReady = true
        resolve(message.types)
      } else if (message.kind === 'refused') reject(new TaskFlowError('SETTINGS_INVALID', message.message))
      else lastWords = `: ${message.message}`
    },
    onExit(how) {
      isGone = true
      const told = `${how}${lastWords}`
      reject(
        new TaskFlowError('SETTINGS_INVALID', `Loading the task modules of ${folder} ended their runner: it ${told}`),
      )
      if (isReady && !isKilled) onCrash(told, handle)
    },
  })
  channel.send({ kind: 'load', folder })

  const handle: RunnerHandle = {
    placement,
    ready,
    get isGone() {
      return isGone
    },
    run: (orders) => channel.send({ kind: 'run', orders: packOrders(orders) }),
    abort: (keys, reason) => channel.send({ kind: 'abort', keys, reason }),
    ping() {
      const number = pulse.ask()
      channel.send({ kind: 'ping', number })
      return number
    },
    hasAnswered: pulse.hasAnswered,
    lagMs: pulse.lagMs,
    kill() {
      isGone = true
      isKilled = true
      return channel.kill()
    },
  }
  return handle
}

/** Numbers the questions and times the answers, which come in the order asked. */
function pulseOf(clock: Clock) {
  const open: { readonly number: number; readonly askedAt: number }[] = []
  let asked = 0
  let answered = 0
  let lastLagMs = 0
  return {
    ask() {
      open.push({ number: ++asked, askedAt: clock.monotonicMs() })
      return asked
    },
    answer(number: number) {
      answered = number
      while (open[0] && open[0].number <= number) {
        lastLagMs = clock.monotonicMs() - open[0].askedAt
        open.shift()
      }
    },
    hasAnswered: (number: number) => answered >= number,
    lagMs: () => (open[0] ? Math.max(lastLagMs, clock.monotonicMs() - open[0].askedAt) : lastLagMs),
  }
}
