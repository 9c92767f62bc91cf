import { resolve } from 'node:path'
import { uuidV7Ids } from '@taskflow/kernel'
import type { Placement } from '../placement/channel.ts'
import { IsolatedRunners } from '../placement/isolated-runners.ts'
import { loadTypes } from '../placement/load-types.ts'
import { type RunnerListener, startRunner } from '../placement/runner-handle.ts'
import { SharedRunner } from '../placement/shared-runner.ts'
import type { TaskTypeIntroduction } from '../protocol.ts'
import type { WorkerSettings } from '../settings.ts'
import type { SessionContext, WorkerDeps } from '../worker-deps.ts'
import { abandonedHandlers } from './abandoned-handlers.ts'
import { Admission } from './admission.ts'
import { attemptStarter } from './attempt-starter.ts'
import { finisher } from './finisher.ts'
import { forcedStop } from './forced-stop.ts'
import { journal } from './journal.ts'
import { LoopWatch } from './loop-watch.ts'
import { runnerReports } from './runner-reports.ts'
import { Settler } from './settler.ts'
import { Slots } from './slots.ts'
import { Stopper } from './stopper.ts'
import { withdrawer } from './withdraw.ts'

/** The parts of a worker that run attempts. */
export interface Execution {
  readonly slots: Slots
  readonly settler: Settler
  readonly shared: SharedRunner
  readonly isolated: IsolatedRunners
  readonly loopWatch: LoopWatch
  readonly stopper: Stopper
  readonly admission: Admission
  /** The task types that this worker runs. */
  readonly types: readonly TaskTypeIntroduction[]
}

/** Builds the parts in the order in which they need each other. Rejects when the task modules cannot be loaded. */
export async function buildExecution(
  deps: WorkerDeps,
  settings: WorkerSettings,
  { ending, start, onError }: SessionContext,
): Promise<Execution> {
  const { storage, channels, clock, databaseClock, random, events, log } = deps
  const folder = resolve(settings.tasks)
  const persistence = { storage, clock, signal: ending.signal, onError }

  const slots = new Slots(settings.slots)
  const settler = new Settler({ ...persistence, random, events })
  const writing = journal({ ...persistence, databaseClock, ids: uuidV7Ids(databaseClock, random) })
  const finishing = finisher({ slots, settler })
  const abandoned = abandonedHandlers({ events })
  const reports = runnerReports({ slots, finisher: finishing, journal: writing, abandoned, clock, events })

  const open = (placement: Placement, listener: RunnerListener) =>
    startRunner({ placement, channels, folder, clock, listener })
  const shared = new SharedRunner({
    clock,
    listener: reports,
    open: (listener) => open('shared', listener),
    onFailedStart: onError,
  })
  const isolated = new IsolatedRunners({ clock, listener: reports, open })
  const types = await loadTypes({ shared, start, log, folder, patterns: settings.types })

  const withdraw = withdrawer({ slots, finisher: finishing })
  const loopWatch = new LoopWatch({ slots, shared, withdraw, abandoned, clock, events })
  const force = forcedStop({ slots, shared, finisher: finishing, withdraw, abandoned, events })
  const { killGraceMs } = settings
  const stopper = new Stopper({ slots, forcedStop: force, abandoned, clock, events, killGraceMs })
  const starter = attemptStarter({ slots, finisher: finishing, stopper, shared, isolated, clock })
  const admission = new Admission({ slots, settler, finisher: finishing, starter, clock, types })
  return { slots, settler, shared, isolated, loopWatch, stopper, admission, types }
}
