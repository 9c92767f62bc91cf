import { resolve } from 'node:path'
import type { Placement } from '../placement/channel.ts'
import { IsolatedRunners } from '../placement/isolated-runners.ts'
import { loadTypes } from '../placement/load-types.ts'
import { type RunnerListener, startRunner } from '../placement/runner-handle.ts'
import { SharedRunner } from '../placement/shared-runner.ts'
import type { TaskTypeIntroduction } from '../protocol.ts'
import type { WorkerSettings } from '../settings.ts'
import type { SessionContext, WorkerDeps } from '../worker-deps.ts'
import { Admission } from './admission.ts'
import { attemptStarter } from './attempt-starter.ts'
import { finisher } from './finisher.ts'
import { forcedStop } from './forced-stop.ts'
import { journal } from './journal.ts'
import { runnerReports } from './runner-reports.ts'
import { Settler } from './settler.ts'
import { Slots } from './slots.ts'
import { Stopper } from './stopper.ts'

/** The parts of a worker that run attempts. */
export interface Execution {
  readonly slots: Slots
  readonly settler: Settler
  readonly shared: SharedRunner
  readonly isolated: IsolatedRunners
  readonly stopper: Stopper
  readonly admission: Admission
  /** The task types that this worker runs. */
  readonly types: readonly TaskTypeIntroduction[]
}

/** Builds the parts in the order in which they need each other. Rejects when the task modules cannot be loaded. */
export async function buildExecution(
  deps: WorkerDeps,
  settings: WorkerSettings,
  { ending, onError }: SessionContext,
): Promise<Execution> {
  const { storage, channels, clock, ids, random, events, log } = deps
  const folder = resolve(settings.tasks)
  const persistence = { storage, clock, signal: ending.signal, onError }

  const slots = new Slots(settings.slots)
  const settler = new Settler({ ...persistence, random, events })
  const writing = journal({ ...persistence, ids })
  const finishing = finisher({ slots, settler })
  const reports = runnerReports({ slots, finisher: finishing, journal: writing, clock, events, log })

  const open = (placement: Placement, listener: RunnerListener) =>
    startRunner({ placement, channels, folder, clock, listener })
  const shared = new SharedRunner({
    clock,
    listener: reports,
    open: (listener) => open('shared', listener),
    onFailedStart: onError,
  })
  const isolated = new IsolatedRunners({ clock, listener: reports, open })
  const types = await loadTypes({ shared, log, folder, patterns: settings.types })

  const force = forcedStop({ slots, shared, finisher: finishing, events, log })
  const stopper = new Stopper({ slots, forcedStop: force, clock, events, killGraceMs: settings.killGraceMs })
  const starter = attemptStarter({ slots, finisher: finishing, stopper, shared, isolated, clock })
  const admission = new Admission({ slots, settler, finisher: finishing, starter, clock, types })
  return { slots, settler, shared, isolated, stopper, admission, types }
}
