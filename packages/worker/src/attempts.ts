import type { Clock, Events } from '@taskflow/kernel'
import type { AttemptOutcome, Lease, WorkerId } from '@taskflow/tasks'
import { type HeldAttempt, holdAttempt, isSuspect, orderFor } from './held-attempt.ts'
import type { Journal } from './journal.ts'
import type { Log } from './log.ts'
import type { IsolatedRunners } from './placement/isolated-runners.ts'
import type { RunnerHandle } from './placement/runner-handle.ts'
import type { SharedRunner } from './placement/shared-runner.ts'
import type { LogEntry, ProgressEntry, Report, TaskTypeIntroduction } from './protocol.ts'
import type { Settler } from './settler.ts'
import type { Slots } from './slots.ts'
import { forcedOutcome, hasDeadline, outcomeUnder } from './stop.ts'

interface Deps {
  readonly slots: Slots
  readonly settler: Settler
  readonly journal: Journal
  readonly shared: SharedRunner
  readonly isolated: IsolatedRunners
  readonly clock: Clock
  readonly events: Events
  readonly log: Log
  /** Called for each attempt with a deadline, once it runs. */
  watch(attempt: HeldAttempt): void
}

// When a worker dies with hundreds of tasks, each comes back to be run alone in the end; a runner for each at once would
// kill the next worker by its memory. Two cores' worth, and little memory.
const SUSPECTS_AT_ONCE = 4
// Longer than a claim takes on a busy machine, by far.
const PATIENCE_MS = 250

/** Leads each attempt from its lease through a runner to its settlement. */
export interface Attempts {
  /** The types a runner has loaded; called before the first lease. */
  know(types: readonly TaskTypeIntroduction[]): void
  begin(leases: readonly Lease[], workerId: WorkerId): void
  /** Hands leases back that never came to a runner. */
  release(leases: readonly Lease[], workerId: WorkerId): void
  /** Hands back, without using an attempt, those that wait for a slot. */
  releaseWaiting(): void
  /** Ends an attempt once; later ends of the same attempt are not heard. */
  finish(attempt: HeldAttempt, outcome: AttemptOutcome): void
  onReport(report: Report, runner: RunnerHandle): void
  onCrash(how: string, runner: RunnerHandle): void
}

export function attempts(deps: Deps): Attempts {
  const { slots, settler, journal, shared, isolated, clock, events, log, watch } = deps
  let types: ReadonlyMap<string, TaskTypeIntroduction> = new Map()
  let lastKey = 0
  /** Those that wait for a slot. */
  const line: HeldAttempt[] = []
  let isWatchingLine = false

  function hold(lease: Lease, workerId: WorkerId): HeldAttempt {
    const type = types.get(lease.type)
    if (!type) throw new TypeError(`Claimed a task of type ${lease.type}, which was not asked for`)
    return holdAttempt(++lastKey, lease, type, workerId, clock.monotonicMs())
  }

  function begin(leases: readonly Lease[], workerId: WorkerId): void {
    for (const lease of leases) {
      const attempt = hold(lease, workerId)
      slots.add(attempt)
      line.push(attempt)
    }
    admit()
  }

  /** Gives free slots to those that wait, in their order. */
  function admit(): void {
    const together: HeldAttempt[] = []
    const passedOver: HeldAttempt[] = []
    let suspects: number | undefined
    while (slots.free > 0 && line.length > 0) {
      const next = line.shift() as HeldAttempt
      if (!isStillWanted(next)) continue
      if (isSuspect(next.lease)) {
        suspects ??= runningSuspects()
        if (suspects >= SUSPECTS_AT_ONCE) {
          passedOver.push(next)
          continue
        }
        suspects++
      }
      slots.occupy(next)
      if (next.isolation === null) together.push(next)
      else void startAlone(next, next.isolation)
    }
    line.unshift(...passedOver)
    if (together.length > 0) void startTogether(together)
    if (line.some(isImpatient) && !isWatchingLine) void watchLine()
  }

  const runningSuspects = (): number => [...slots].filter(({ hasSlot, lease }) => hasSlot && isSuspect(lease)).length

  /** A suspect waits for its turn however long that takes: every other worker would let it wait as well. */
  const isImpatient = ({ lease }: HeldAttempt): boolean => !isSuspect(lease)

  /** Those claimed ahead would have started long ago, had what runs not become slower: another worker may have room for them. */
  async function watchLine(): Promise<void> {
    isWatchingLine = true
    while (line.some(isImpatient)) {
      await clock.sleep(PATIENCE_MS / 2)
      const since = clock.monotonicMs() - PATIENCE_MS
      for (const attempt of line.filter((each) => isImpatient(each) && each.claimedAt <= since)) handBack(attempt)
    }
    isWatchingLine = false
  }

  function handBack(attempt: HeldAttempt): void {
    line.splice(line.indexOf(attempt), 1)
    end(attempt, attempt.stop ? forcedOutcome(attempt.stop) : { kind: 'released' })
  }

  function start(started: readonly HeldAttempt[], runner: RunnerHandle): void {
    const now = clock.monotonicMs()
    for (const attempt of started) {
      attempt.runner = runner
      attempt.startedAt = now
      attempt.beatAt = now
      if (hasDeadline(attempt)) watch(attempt)
    }
    runner.run(started.map(orderFor))
  }

  async function startTogether(batch: readonly HeldAttempt[]): Promise<void> {
    // Mostly at once; but a runner that crashed may not have its successor yet.
    await shared.whenReady()
    const ready = batch.filter(isStillWanted)
    if (ready.length > 0) start(ready, shared.current)
    if (ready.length < batch.length) admit()
  }

  async function startAlone(attempt: HeldAttempt, placement: 'thread' | 'process'): Promise<void> {
    let runner: RunnerHandle
    try {
      runner = await isolated.borrow(placement)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      return finish(attempt, { kind: 'crashed', error: { name: 'RunnerCrashed', message } })
    }
    if (isStillWanted(attempt)) return start([attempt], runner)
    isolated.giveBack(runner)
    admit()
  }

  /** An attempt may be stopped or dropped while it waits for its turn or its runner. */
  function isStillWanted(attempt: HeldAttempt): boolean {
    if (attempt.stop) end(attempt, forcedOutcome(attempt.stop))
    return slots.get(attempt.key) !== undefined
  }

  function end(attempt: HeldAttempt, outcome: AttemptOutcome): void {
    if (!slots.remove(attempt)) return
    settler.settle(attempt, outcome)
  }

  function finish(attempt: HeldAttempt, outcome: AttemptOutcome): void {
    end(attempt, outcome)
    admit()
  }

  function onEnded(key: number, outcome: AttemptOutcome, runner: RunnerHandle, isAdrift = false): void {
    const attempt = slots.get(key)
    if (!attempt) {
      log.warn({ outcome: outcome.kind }, 'An abandoned handler has ended; its outcome is not counted')
      return
    }
    if (runner.placement !== 'shared') {
      if (isAdrift) void runner.kill()
      else isolated.giveBack(runner)
    }
    end(attempt, outcomeUnder(attempt.stop, outcome))
  }

  function onReport(report: Report, runner: RunnerHandle): void {
    const now = clock.monotonicMs()
    for (const key of report.beats) {
      const attempt = slots.get(key)
      if (attempt) attempt.beatAt = now
    }
    if (report.logs.length > 0) append(report.logs)
    for (const entry of report.progress) record(entry)
    const { succeeded } = report
    for (let at = 0; at < succeeded.length; at += 2)
      onEnded(succeeded[at] as number, { kind: 'succeeded', result: succeeded[at + 1] as string }, runner)
    for (const { key, outcome, isAdrift } of report.ended) onEnded(key, outcome, runner, isAdrift)
    admit()
  }

  function append(entries: readonly LogEntry[]): void {
    for (const [key, lines] of Map.groupBy(entries, ({ key }) => key)) {
      const attempt = slots.get(key)
      if (!attempt) continue
      const { project, taskId, attempt: number } = attempt.lease
      const stored = journal.append(lines.map(({ key: _, ...line }) => ({ ...line, project, taskId, attempt: number })))
      attempt.written = attempt.written ? both(attempt.written, stored) : stored
    }
  }

  function record({ key, percent, message }: ProgressEntry): void {
    const attempt = slots.get(key)
    if (!attempt) return
    const { project, taskId, leaseId } = attempt.lease
    const stored = journal.record({ project, taskId, leaseId, percent, message })
    attempt.written = attempt.written ? both(attempt.written, stored) : stored
  }

  function onCrash(how: string, runner: RunnerHandle): void {
    const lost = [...slots].filter((attempt) => attempt.runner === runner)
    events.emit('runner.crashed', { placement: runner.placement, reason: how, attempts: lost.length })
    if (runner === shared.current) shared.replace()
    const error = { name: 'RunnerCrashed', message: `The runner of this attempt ${how}` }
    for (const attempt of lost) end(attempt, outcomeUnder(attempt.stop, { kind: 'crashed', error }))
    admit()
  }

  return {
    know(loaded) {
      types = new Map(loaded.map((type) => [type.type, type]))
    },
    begin,
    release(leases, workerId) {
      for (const lease of leases) settler.settle(hold(lease, workerId), { kind: 'released' })
    },
    releaseWaiting() {
      for (const attempt of [...line]) handBack(attempt)
    },
    finish,
    onReport,
    onCrash,
  }
}

const both = async (first: Promise<void>, second: Promise<void>): Promise<void> => {
  await first
  await second
}
