import type { AttemptOutcome, Clock, Events, Lease, WorkerId } from '@taskflow/core'
import { type HeldAttempt, holdAttempt, isSuspect, orderFor } from './held-attempt.ts'
import type { Journal } from './journal.ts'
import type { Log } from './log.ts'
import type { IsolatedRunners } from './placement/isolated-runners.ts'
import type { RunnerHandle } from './placement/runner-handle.ts'
import type { SharedRunner } from './placement/shared-runner.ts'
import type { Ended, LogEntry, ProgressEntry, Report, TaskTypeIntroduction } from './protocol.ts'
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

// Runners with a task each in which a runner died before: two cores' worth, and little memory.
const SUSPECTS_AT_ONCE = 4

/** Leads each attempt from its lease through a runner to its settlement. */
export interface Attempts {
  /** The types a runner has loaded; called before the first lease. */
  know(types: readonly TaskTypeIntroduction[]): void
  begin(leases: readonly Lease[], workerId: WorkerId): void
  /** Hands leases back that never came to a runner. */
  release(leases: readonly Lease[], workerId: WorkerId): void
  /** Ends an attempt once; later ends of the same attempt are not heard. */
  finish(attempt: HeldAttempt, outcome: AttemptOutcome): void
  onReport(report: Report, runner: RunnerHandle): void
  onCrash(how: string, runner: RunnerHandle): void
}

export function attempts(deps: Deps): Attempts {
  const { slots, settler, journal, shared, isolated, clock, events, log, watch } = deps
  let types: ReadonlyMap<string, TaskTypeIntroduction> = new Map()
  let lastKey = 0
  const suspects: HeldAttempt[] = []
  const admitted = new WeakSet<HeldAttempt>()

  function hold(lease: Lease, workerId: WorkerId): HeldAttempt {
    const type = types.get(lease.type)
    if (!type) throw new TypeError(`Claimed a task of type ${lease.type}, which was not asked for`)
    return holdAttempt(++lastKey, lease, type, workerId, clock.monotonicMs())
  }

  function begin(leases: readonly Lease[], workerId: WorkerId): void {
    const held = leases.map((lease) => hold(lease, workerId))
    for (const attempt of held) slots.add(attempt)
    const together = held.filter(({ isolation }) => isolation === null)
    if (together.length > 0) void startTogether(together)
    for (const attempt of held) {
      if (isSuspect(attempt.lease)) suspects.push(attempt)
      else if (attempt.isolation !== null) void startAlone(attempt, attempt.isolation)
    }
    admitSuspects()
  }

  /**
   * When a worker dies with hundreds of tasks, each comes back to be run alone; a runner for each at once would
   * kill the next worker by its memory. The others wait in their slots.
   */
  function admitSuspects(): void {
    while (suspects.length > 0 && runningSuspects() < SUSPECTS_AT_ONCE) {
      const next = suspects.shift()
      if (!next || !isStillWanted(next)) continue
      admitted.add(next)
      void startAlone(next, 'process')
    }
  }

  const runningSuspects = (): number => [...slots].filter((attempt) => admitted.has(attempt)).length

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
  }

  async function startAlone(attempt: HeldAttempt, placement: 'thread' | 'process'): Promise<void> {
    let runner: RunnerHandle
    try {
      runner = await isolated.borrow(placement)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      return finish(attempt, { kind: 'crashed', error: { name: 'RunnerCrashed', message } })
    }
    if (isStillWanted(attempt)) start([attempt], runner)
    else isolated.giveBack(runner)
  }

  /** An attempt may be stopped or dropped while it waits for its turn or its runner. */
  function isStillWanted(attempt: HeldAttempt): boolean {
    if (attempt.stop) finish(attempt, forcedOutcome(attempt.stop))
    return slots.get(attempt.key) !== undefined
  }

  function finish(attempt: HeldAttempt, outcome: AttemptOutcome): void {
    if (!slots.remove(attempt)) return
    void settler.settle(attempt, outcome)
    admitSuspects()
  }

  function onEnded({ key, outcome, isAdrift }: Ended, runner: RunnerHandle): void {
    const attempt = slots.get(key)
    if (!attempt) {
      log.warn({ outcome: outcome.kind }, 'An abandoned handler has ended; its outcome is not counted')
      return
    }
    if (runner.placement !== 'shared') {
      if (isAdrift) void runner.kill()
      else isolated.giveBack(runner)
    }
    finish(attempt, outcomeUnder(attempt.stop, outcome))
  }

  function onReport(report: Report, runner: RunnerHandle): void {
    const now = clock.monotonicMs()
    for (const key of report.beats) {
      const attempt = slots.get(key)
      if (attempt) attempt.beatAt = now
    }
    if (report.logs.length > 0) append(report.logs)
    for (const entry of report.progress) record(entry)
    for (const entry of report.ended) onEnded(entry, runner)
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
    for (const attempt of lost) finish(attempt, outcomeUnder(attempt.stop, { kind: 'crashed', error }))
  }

  return {
    know(loaded) {
      types = new Map(loaded.map((type) => [type.type, type]))
    },
    begin,
    release(leases, workerId) {
      for (const lease of leases) void settler.settle(hold(lease, workerId), { kind: 'released' })
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
