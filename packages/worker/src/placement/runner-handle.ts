import { type Clock, TaskFlowError } from '@taskflow/kernel'
import type { AttemptError } from '@taskflow/tasks'
import type { Order } from '../order.ts'
import { packOrders } from '../packed.ts'
import type { FromRunner, Report, TaskTypeIntroduction } from '../protocol.ts'
import { StartGate } from '../start-gate.ts'
import type { Channel, Placement, RunnerChannels } from './channel.ts'
import { Pings } from './pings.ts'

/** One runner, as the agent sees it. */
export interface RunnerHandle {
  readonly placement: Placement
  /** Resolves with the task types that the runner has loaded; rejects with SETTINGS_INVALID when loading fails. */
  readonly ready: Promise<readonly TaskTypeIntroduction[]>
  readonly isGone: boolean
  /** The task module that the runner imports; undefined before the first one and once all are loaded. */
  readonly loadingModule: string | undefined
  /** Returns the position of the first order among all orders that this runner has received. */
  run(orders: readonly Order[]): number
  /** Whether the runner has begun the order at this position. An order of an isolated runner counts as begun. */
  hasBegun(position: number): boolean
  /** Revokes the orders that have not begun by now: they never will. Works while the loop is blocked. */
  revoke(): void
  abort(keys: readonly number[], reason: AttemptError): void
  /** Sends a ping, which the loop that runs the handlers answers, and returns the number of the ping. */
  ping(): number
  hasAnswered(ping: number): boolean
  /** How late the loop answers pings, in milliseconds. */
  lagMs(): number
  /** Ends the runner at once. Its exit is then not reported as a crash. */
  kill(): Promise<void>
}

/** Receives what runners report. */
export interface RunnerListener {
  onReport(report: Report, runner: RunnerHandle): void
  /** Called while a runner takes unusually long to load its modules, each time after twice as long. */
  onSlowLoad(loadingMs: number, runner: RunnerHandle): void
  /** Called when a runner that had loaded its modules ended without `kill`; before that, `ready` rejects instead. */
  onCrash(reason: string, runner: RunnerHandle): void
}

interface Options {
  readonly placement: Placement
  readonly channels: RunnerChannels
  readonly folder: string
  readonly clock: Clock
  readonly listener: RunnerListener
}

// A folder of modules loads in a fraction of this, also on a busy machine.
const SLOW_LOAD_MS = 5_000

export const startRunner = (options: Options): RunnerHandle => new StartedRunner(options)

class StartedRunner implements RunnerHandle {
  readonly placement: Placement
  readonly #folder: string
  readonly #listener: RunnerListener
  readonly #channel: Channel
  readonly #pings: Pings
  /** Only a shared runner receives orders while it runs others. */
  readonly #gate: StartGate | undefined
  readonly #ready = Promise.withResolvers<readonly TaskTypeIntroduction[]>()
  #sent = 0
  readonly #loaded = new AbortController()
  #loadingModule: string | undefined
  #isReady = false
  #isGone = false
  #isKilled = false
  #crashMessage = ''

  constructor({ placement, channels, folder, clock, listener }: Options) {
    this.placement = placement
    this.#folder = folder
    this.#listener = listener
    this.#pings = new Pings(clock)
    this.#gate = placement === 'shared' ? new StartGate() : undefined
    // A runner that is killed while it loads may have nobody who awaits it.
    this.#ready.promise.catch(() => {})
    this.#channel = channels[placement]({
      onMessage: (message) => this.#receive(message),
      onExit: (reason) => this.#onExit(reason),
    })
    this.#channel.send({ kind: 'load', folder, ...(this.#gate && { gate: this.#gate.buffer }) })
    void this.#watchLoading(clock)
  }

  get ready(): Promise<readonly TaskTypeIntroduction[]> {
    return this.#ready.promise
  }

  get isGone(): boolean {
    return this.#isGone
  }

  get loadingModule(): string | undefined {
    return this.#loadingModule
  }

  run(orders: readonly Order[]): number {
    const first = this.#sent + 1
    this.#sent += orders.length
    this.#channel.send({ kind: 'run', orders: packOrders(orders) })
    return first
  }

  hasBegun(position: number): boolean {
    return !this.#gate || position <= this.#gate.begun
  }

  revoke(): void {
    this.#gate?.revoke(this.#sent)
  }

  abort(keys: readonly number[], reason: AttemptError): void {
    this.#channel.send({ kind: 'abort', keys, reason })
  }

  ping(): number {
    const number = this.#pings.send()
    this.#channel.send({ kind: 'ping', number })
    return number
  }

  hasAnswered(ping: number): boolean {
    return this.#pings.hasAnswered(ping)
  }

  lagMs(): number {
    return this.#isGone ? 0 : this.#pings.lagMs
  }

  kill(): Promise<void> {
    this.#isGone = true
    this.#isKilled = true
    this.#loaded.abort()
    return this.#channel.kill()
  }

  #receive(message: FromRunner): void {
    if (this.#isGone) return
    switch (message.kind) {
      case 'report':
        this.#listener.onReport(message, this)
        break
      case 'pong':
        this.#pings.answer(message.number)
        break
      case 'loading':
        this.#loadingModule = message.module
        break
      case 'ready':
        this.#isReady = true
        this.#loadingModule = undefined
        this.#loaded.abort()
        this.#ready.resolve(message.types)
        break
      case 'refused':
        this.#ready.reject(new TaskFlowError('SETTINGS_INVALID', message.message))
        break
      case 'crashing':
        this.#crashMessage = `: ${message.message}`
        break
    }
  }

  async #watchLoading(clock: Clock): Promise<void> {
    const { signal } = this.#loaded
    const startedAt = clock.monotonicMs()
    for (let ms = SLOW_LOAD_MS; !signal.aborted; ms *= 2) {
      await clock.sleep(ms, signal)
      if (!signal.aborted) this.#listener.onSlowLoad(clock.monotonicMs() - startedAt, this)
    }
  }

  #onExit(how: string): void {
    this.#isGone = true
    this.#loaded.abort()
    const reason = `${how}${this.#crashMessage}`
    const message = `Loading the task modules of ${this.#folder} ended their runner: it ${reason}`
    this.#ready.reject(new TaskFlowError('SETTINGS_INVALID', message))
    if (this.#isReady && !this.#isKilled) this.#listener.onCrash(reason, this)
  }
}
