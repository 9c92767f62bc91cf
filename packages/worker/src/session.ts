import { resolve } from 'node:path'
import type { WorkStore } from '@taskflow/fleet'
import { drawQueues, parseQueues } from '@taskflow/fleet'
import type { Clock, Events, Ids, Wakeups } from '@taskflow/kernel'
import type { Broker, Lease, WorkerId } from '@taskflow/tasks'
import { attempts } from './attempts.ts'
import type { Bell } from './bell.ts'
import { fetchLoop } from './fetch-loop.ts'
import { heart } from './heart.ts'
import { journal } from './journal.ts'
import type { Log } from './log.ts'
import type { Placement, RunnerChannels } from './placement/channel.ts'
import { isolatedRunners } from './placement/isolated-runners.ts'
import { startRunner } from './placement/runner-handle.ts'
import { sharedRunner } from './placement/shared-runner.ts'
import { selectTypes } from './select-types.ts'
import type { WorkerSettings } from './settings.ts'
import { settler } from './settler.ts'
import { slots } from './slots.ts'
import { steering } from './steering.ts'
import { stopper } from './stopper.ts'
import { unheldLeases } from './unheld-leases.ts'

export interface WorkerDeps {
  readonly storage: WorkStore
  readonly broker: Broker
  readonly wakeups: Wakeups
  readonly channels: RunnerChannels
  readonly clock: Clock
  readonly ids: Ids
  readonly random: () => number
  readonly events: Events
  readonly log: Log
}

/** How a worker does, as its own process knows. */
export interface WorkerHealth {
  readonly state: 'registering' | 'active' | 'cordoned' | 'draining'
  /** Since it last looked for tasks with success, in milliseconds; none while it rightly rests. */
  readonly sinceFetchMs: number
}

/** One run of a worker, from its start to its stop. */
export interface Session {
  readonly workerId: WorkerId
  readonly health: WorkerHealth
  /** Hands back what does not end in time, and says goodbye. */
  stop(): Promise<void>
}

// For settlements that the database does not answer while the worker stops; after that the rescuer takes them.
const LAST_WORDS_MS = 5_000
// How soon a worker that must register anew, or needs another runner, looks whether it has.
const WELCOME_MS = 50

/** Puts the parts of a worker together and starts them. Rejects with SETTINGS_INVALID when the modules cannot be loaded. */
export async function startSession(deps: WorkerDeps, settings: WorkerSettings): Promise<Session> {
  const { storage, broker, wakeups, channels, clock, ids, random, events, log } = deps
  const folder = resolve(settings.tasks)
  const shares = parseQueues(settings.queues)
  const queues = shares.map(({ queue }) => queue)
  const isDrawn = shares.some(({ weight }) => weight !== undefined)
  const over = new AbortController()
  const onError = (error: unknown): void => void events.emit('round.failed', { service: 'worker', error })
  const persistence = { storage, clock, signal: over.signal, onError }

  const open = <Kind extends Placement>(placement: Kind) =>
    startRunner({
      placement,
      channels,
      folder,
      clock,
      onReport: (report, runner) => held.onReport(report, runner),
      onCrash: (how, runner) => held.onCrash(how, runner),
    })
  const inHand = slots(settings.slots)
  const settling = settler({ ...persistence, random, events })
  const shared = sharedRunner({ clock, open: () => open('shared'), onFailedStart: onError })
  const isolated = isolatedRunners({ clock, open })
  const held = attempts({
    slots: inHand,
    settler: settling,
    journal: journal({ ...persistence, ids }),
    shared,
    isolated,
    clock,
    events,
    log,
    watch: (attempt) => stopping.watch(attempt),
  })
  const { killGraceMs } = settings
  const stopping = stopper({ slots: inHand, shared, clock, events, log, killGraceMs, finish: held.finish })
  let isStopping = false

  const defined = await shared.start().catch(async (error: unknown) => {
    await shared.stop()
    throw error
  })
  if (defined.length === 0) log.warn({ folder }, 'No module of the task folder exports a task definition')
  const { selected: types, idle } = selectTypes(defined, settings.types)
  for (const pattern of idle)
    log.warn({ pattern, folder }, 'No task definition is meant by this pattern of setting types')
  held.know(types)

  const unheld = unheldLeases({
    storage,
    log,
    isInHand: (leaseId) => inHand.holds(leaseId) || settling.isSettling(leaseId),
    claimUnderWay: () => fetching.claimUnderWay,
    onError,
  })

  const beating = heart({
    storage,
    clock,
    ids,
    events,
    settings: { ...settings, queues },
    types: types.map(({ isolation: _, ...defaults }) => defaults),
    takePulse: () => ({
      running: inHand.size,
      loopLagMs: Math.round(shared.current.lagMs()),
      sinceFetchMs: Math.round(fetching.sinceFetchMs()),
      // Its own word alone: what it is asked to do storage knows.
      state: isStopping ? 'draining' : 'active',
      settled: settling.takeTallies(),
    }),
    onMissedBeat: ({ settled }) => settling.returnTallies(settled),
    onCancelled: stopping.cancel,
    onAsked: (request) => steer.heed(request),
    onBeat: (workerId) => void unheld.onBeat(workerId),
    onDeclaredDead: stopping.dropAll,
    onError,
  })

  const fetching = fetchLoop({
    storage,
    broker,
    clock,
    ids,
    events,
    slots: inHand,
    settler: settling,
    project: settings.project,
    types: types.map(({ type }) => type),
    nextQueues: () => ({ queues: isDrawn ? drawQueues(shares, random) : queues, isDrawn }),
    welcomedAs,
    async whenWelcome(signal) {
      // Neither need ever come about: the modules may be broken by now, and the database gone.
      while (welcomedAs() === undefined && !signal.aborted) await clock.sleep(WELCOME_MS, signal)
    },
    onClaimed,
    onClaimedLate: handBack,
    onClaimFailed: unheld.doubt,
    onError,
  })

  const { drainMs } = settings
  const { releaseWaiting } = held
  const steer = steering({ fetching, clock, log, drainMs, releaseWaiting, drain: stopping.drain })

  function isDraining(): boolean {
    return isStopping || steer.request === 'drain'
  }

  function welcomedAs(): WorkerId | undefined {
    return shared.isReady && beating.isRegistered ? beating.workerId : undefined
  }

  function onClaimed(leases: readonly Lease[], workerId: WorkerId): void {
    if (isDraining() || workerId !== beating.workerId) handBack(leases, workerId)
    else held.begin(leases, workerId)
  }

  function handBack(leases: readonly Lease[], workerId: WorkerId): void {
    if (workerId === beating.workerId) held.release(leases, workerId)
    // Claimed by an incarnation that was declared dead meanwhile: the rescuer has them.
    else for (const { taskId, leaseId, attempt } of leases) events.emit('lease.lost', { taskId, leaseId, attempt })
  }

  let unlisten: (() => Promise<void>) | undefined
  try {
    // An empty detail: the connection came back, and what was said meanwhile is lost.
    unlisten = await wakeups.on('asked', (detail) => (detail === '' || detail === beating.workerId) && beating.wake())
    await beating.start()
  } catch (error) {
    await Promise.all([unlisten?.(), shared.stop()])
    throw error
  }

  async function waitUntil(isDone: () => boolean, change: Bell, ms: number): Promise<void> {
    const waiting = new AbortController()
    const timeUp = clock.sleep(ms, waiting.signal)
    let isUp = false
    void timeUp.then(() => {
      isUp = true
    })
    while (!isDone() && !isUp) await Promise.race([change.rung(), timeUp])
    waiting.abort()
  }

  function stateOf(): WorkerHealth['state'] {
    if (isDraining()) return 'draining'
    if (!beating.isRegistered) return 'registering'
    return steer.request === 'cordon' ? 'cordoned' : 'active'
  }

  const isEmpty = (): boolean => inHand.size === 0

  async function drain(): Promise<void> {
    await waitUntil(isEmpty, inHand.change, drainMs)
    stopping.drain()
    // The stopper ends the last ones at the end of the grace; the margin is its round.
    await waitUntil(isEmpty, inHand.change, settings.killGraceMs + 1_000)
    await waitUntil(() => settling.pending === 0, settling.change, LAST_WORDS_MS)
    over.abort()
  }

  async function leave(): Promise<void> {
    await beating.stop()
    await storage.deregisterWorker(beating.workerId).catch(onError)
    await Promise.all([unlisten?.(), shared.stop(), isolated.stop()])
    stopping.stop()
    events.emit('worker.stopped', { id: beating.workerId, released: settling.released })
  }

  return {
    get workerId() {
      return beating.workerId
    },
    get health() {
      return { state: stateOf(), sinceFetchMs: fetching.sinceFetchMs() }
    },
    async stop() {
      isStopping = true
      steer.stop()
      beating.wake()
      await fetching.stop()
      releaseWaiting()
      await drain()
      await leave()
    },
  }
}
