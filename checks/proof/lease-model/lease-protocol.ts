/**
 * Models the lease protocol: what the database, the workers, the rescuer and the callers may do, one step at a time.
 *
 * A claim gives a task to a worker under a lease. Every settlement of the attempt must present that lease. A worker
 * keeps all its leases by one heartbeat. When the rescuer has observed that the heartbeat does not advance, it marks
 * the worker lost and rescues its tasks; the worker continues as a new incarnation when it learns that it was marked
 * lost. Three parties may therefore settle one attempt, each late, twice or never: the current incarnation of the
 * worker, its previous incarnation, and the rescuer.
 *
 * - Each statement is a separate message on the wire. It arrives at any time, before or after any other, and changes
 *   the rows atomically, as PostgreSQL does. Its answer is received immediately or never: a later answer would add no
 *   other history.
 * - Time advances in heartbeat periods. At the end of each period every healthy worker has sent a heartbeat, which
 *   defines "healthy". Everything else may take any time.
 * - An accident (crash of a worker or of a runner, freeze, lost or duplicated message, unavailable database, planned
 *   stop) happens at any moment, but only a limited number of times in one history. Failing handlers and cancelling
 *   callers are no accidents.
 *
 * `RULES` lists the guards of the code, each in one place. A promise is broken when any one of them is missing
 * (`variants.ts`). Comments beside the steps name the code that they model.
 */
import {
  ATTEMPT_ENDS,
  type AttemptEnd,
  DEFAULT_RETRY_POLICY,
  finishesTask,
  judge,
  stateAfter,
  TRANSITIONS,
} from '@taskflow/tasks'
import { attemptName, capital, described, leaseOf, lifeOf, nameOf, senderOf, taskName } from './lease-sentences.ts'
import {
  type AccidentKind,
  change,
  changeRow,
  changeTask,
  currentOf,
  type Draft,
  type Ending,
  forgetClaim,
  type Held,
  hasPendingCancel,
  type Incarnation,
  isCancelOf,
  isOf,
  isOnItsWay,
  isOver,
  isSame,
  type Message,
  RESCUER,
  rowOf,
  type Size,
  type State,
  settlementOf,
  type Task,
  take,
  taskAt,
  type WorkerRow,
  workerAt,
} from './lease-state.ts'

/** The guards of the protocol. */
export const RULES = {
  /** finish-tasks.sql: `(id, lease_id) in (select task_id, lease_id from settlement)`. */
  finishPresentsLease: true,
  /** requeue-tasks.ts: `lease_id = settlement.lease_id`. */
  requeuePresentsLease: true,
  /** requeue-tasks.ts: `cancel_requested_at is null`. */
  requeueChecksCancel: true,
  /** requeue-tasks.ts: `crash_count + ended.crashes`. */
  countsCrashes: true,
  /** requeue-tasks.ts: `attempt - 1 + ended.used_attempts`. */
  releaseRefundsAttempt: true,
  /** settle.ts: `findRepeats`, by find-settled-leases.ts. */
  recognizesRepeats: true,
  /** heartbeat-worker.ts: `state in ('active', 'draining')`. */
  heartbeatNeedsLiving: true,
  /** list-orphaned-leases.ts: a task is rescued because its worker ended, not because it runs for long. */
  rescuesOnlyOrphans: true,
  /** rescuer.ts: the rescuer must observe that a heartbeat does not advance. */
  observesSilence: true,
  /** rescuer.ts: a gap between two rounds discards the observations. */
  forgetsAfterGap: true,
  /** mark-workers-lost.ts: `worker.heartbeat_at = silent.heartbeat_at`. */
  rechecksHeartbeat: true,
  /** leaked-leases.ts: a worker releases the leases that storage lists as its own and that it does not hold. */
  releasesLeaked: true,
} as const

export type Rules = Readonly<Record<keyof typeof RULES, boolean>>

/** The record of a step by a witness. */
export type Fact =
  | { readonly kind: 'claimed'; readonly task: number }
  | {
      readonly kind: 'ended'
      readonly task: number
      readonly lease: number
      readonly ending: Ending
      readonly isByRescuer: boolean
    }
  /** Refused as stale, although the attempt did end in this way. */
  | { readonly kind: 'refused wrongly'; readonly task: number; readonly lease: number }
  | { readonly kind: 'lost'; readonly of: Incarnation }

interface Step {
  readonly sentence: string
  readonly to: State
  readonly isHelpful: boolean
  readonly fact?: Fact | undefined
}

type Change = (draft: Draft, note: (fact: Fact) => void) => void

/** Collects the steps out of one state. */
interface Situation {
  readonly state: State
  readonly rules: Rules
  readonly maxAttempts: number
  /** Adds a step that happens by itself when nothing more goes wrong. */
  may(sentence: string, change: Change): void
  /** Adds a step that may never happen. */
  might(sentence: string, change: Change): void
  /** Adds an accident, while some are left. */
  accident(kind: AccidentKind, sentence: string, change: Change): void
}

export function stepsFrom(state: State, rules: Rules, { maxAttempts, kinds }: Size): readonly Step[] {
  const steps: Step[] = []
  const add = (sentence: string, change: Change, isHelpful: boolean, accidents: number): void => {
    const to: Draft = {
      tasks: [...state.tasks],
      workers: [...state.workers],
      wire: [...state.wire],
      observed: [...state.observed],
      accidentsLeft: state.accidentsLeft - accidents,
    }
    let fact: Fact | undefined
    change(to, (noted) => {
      fact = noted
    })
    steps.push({ sentence: capital(sentence), to, isHelpful, fact })
  }
  const situation: Situation = {
    state,
    rules,
    maxAttempts,
    may: (sentence, change) => add(sentence, change, true, 0),
    might: (sentence, change) => add(sentence, change, false, 0),
    accident: (kind, sentence, change) => {
      if (state.accidentsLeft > 0 && kinds.includes(kind)) add(sentence, change, false, 1)
    },
  }
  for (const message of state.wire) arrivals(situation, message)
  for (const worker of state.workers.keys()) repeats(situation, worker)
  // Once all tasks have finished, only messages on the wire and their repetitions remain.
  if (state.tasks.every(isOver)) return steps
  for (const message of state.wire) wireAccidents(situation, message)
  for (const worker of state.workers.keys()) {
    workerSteps(situation, worker)
    workerAccidents(situation, worker)
  }
  rescuerSteps(situation)
  taskSteps(situation)
  timeSteps(situation)
  return steps
}

// The worker: worker/src, with its fetch loop, settler, heartbeat sender and stop.

function workerSteps(situation: Situation, index: number): void {
  const { state, rules, may } = situation
  const worker = workerAt(state, index)
  const name = nameOf(index)
  if (worker.process === 'down') {
    may(`${name} starts again, as a new incarnation`, (draft) => begin(draft, index))
    return
  }
  if (worker.process === 'frozen') {
    may(`${name} continues`, (draft) => change(draft, index, { process: 'up' }))
    return
  }
  const self = currentOf(state, index)

  claims(situation, index)

  // The answer comes immediately: whatever could happen in between could also happen before or after both.
  if (
    rowOf(state, self).state !== 'living' ||
    rowOf(state, self).heartbeat !== 'fresh' ||
    hasPendingCancel(state, self)
  )
    may(
      `${name} sends a heartbeat${rowOf(state, self).state === 'living' || !rules.heartbeatNeedsLiving ? '' : ', learns that it was marked lost, drops what it runs and continues as a new incarnation'}`,
      (draft) => renew(draft, self, rules),
    )

  for (const held of worker.attempts) if (held.ending === null) endings(situation, index, held)

  if (rules.releasesLeaked && worker.claimUnderWay === null)
    state.tasks.forEach((task, number) => {
      if (task.lease === null || !isSame(task.holder, self)) return
      const { lease } = task
      if (worker.attempts.some((held) => held.task === number && held.lease === lease)) return
      if (isOnItsWay(state, index, { task: number, lease })) return
      may(
        `${name} finds that storage lists ${leaseOf(number, lease)} as its own, does not hold it, and releases it`,
        (draft) => {
          draft.wire.push(settlementOf(index, { task: number, lease }, 'release'))
        },
      )
    })

  if (worker.isStopping && worker.attempts.length === 0 && worker.claimUnderWay === null)
    may(`${name} holds nothing any more, reports that it stops, and exits`, (draft) => leave(draft, self))
}

/** settler.ts and retry-while-unavailable.ts: the outcome is unknown until storage has answered. */
function repeats({ state, may }: Situation, index: number): void {
  const { process, attempts } = workerAt(state, index)
  if (process !== 'up') return
  for (const held of attempts)
    if (held.ending !== null && !isOnItsWay(state, index, held))
      may(
        `${nameOf(index)} receives no answer, and repeats its message to ${held.ending} ${attemptName(held)}`,
        (draft) => {
          draft.wire.push(settlementOf(index, held, held.ending))
        },
      )
}

/**
 * fetch-loop.ts. A claim that is answered immediately stands for every claim whose answer comes while the worker waits
 * for it: the worker cannot use the tasks before. A late claim is a separate message.
 */
function claims({ state, may, accident }: Situation, index: number): void {
  const { attempts, claimUnderWay, isStopping } = workerAt(state, index)
  const name = nameOf(index)
  const self = currentOf(state, index)
  if (claimUnderWay !== null)
    return void may(`${name} stops waiting for the answer to its claim`, (draft) =>
      change(draft, index, { claimUnderWay: null }),
    )
  if (isStopping || attempts.length > UNSETTLED || attempts.some(({ ending }) => ending === null)) return
  accident('message', `${name} sends a claim, which is delayed`, (draft) => {
    change(draft, index, { claimUnderWay: self.life })
    draft.wire.push({ kind: 'claim', by: self })
  })
  if (rowOf(state, self).state !== 'living') return
  for (const number of queuedIn(state)) {
    const claimed = leaseOf(number, taskAt(state, number).leasesGiven + 1)
    may(`${name} claims ${claimed}, and starts it`, (draft, note) => {
      const held = grant(draft, number, self)
      change(draft, index, { attempts: [...attempts, held] })
      note({ kind: 'claimed', task: number })
    })
    accident('message', `${name} claims ${claimed}, but the answer is lost`, (draft, note) => {
      grant(draft, number, self)
      note({ kind: 'claimed', task: number })
    })
  }
}

/**
 * Unsettled attempts of a worker that claims. One lets the next attempt run while the settlement before it is still
 * repeated.
 */
const UNSETTLED = 1

const queuedIn = ({ tasks }: State): number[] =>
  tasks.flatMap((task, number) => (task.state === 'queued' ? [number] : []))

/** claim-tasks.ts. Any queued task may be claimed, as if their order were random. */
function grant(draft: Draft, number: number, holder: Incarnation): Held {
  const { leasesGiven, attempt: former, crashes } = taskAt(draft, number)
  const lease = leasesGiven + 1
  const attempt = former + 1
  changeTask(draft, number, { state: TRANSITIONS.claim.to, attempt, lease, holder, leasesGiven: lease })
  return { task: number, lease, attempt, crashes, knowsCancel: false, ending: null }
}

/** attempts.ts and stop.ts, and `judge` itself. */
function endings({ state, maxAttempts, may, might, accident }: Situation, index: number, held: Held): void {
  const name = nameOf(index)
  const end = (ending: Ending) => (draft: Draft) => finish(draft, index, held, ending)
  may(`${attemptName(held)} succeeds on ${name}, which sends the result`, end('complete'))
  if (held.knowsCancel) {
    may(`${attemptName(held)} obeys the cancel on ${name}, which reports it`, end('cancel'))
    return
  }
  if (workerAt(state, index).isStopping) may(`${name} is stopping, and releases ${attemptName(held)}`, end('release'))
  might(`${attemptName(held)} fails on ${name}, which reports it`, end(judged('failed', held, maxAttempts)))
  accident(
    'crash',
    `${attemptName(held)} kills its runner on ${name}, which reports it`,
    end(judged('crashed', held, maxAttempts)),
  )
}

function judged(
  kind: 'failed' | 'crashed',
  { attempt, crashes }: Pick<Held, 'attempt' | 'crashes'>,
  maxAttempts: number,
): Ending {
  const error = { name: 'Error', message: '' }
  const context = { attempt, maxAttempts, crashCount: crashes, policy: DEFAULT_RETRY_POLICY, random: () => 0 }
  const verdict = judge(kind === 'failed' ? { kind, error, retryable: true } : { kind, error }, context)
  if (verdict.verb === 'snooze') throw new TypeError('No attempt of the model snoozes')
  return verdict.verb === 'fail' && verdict.error.reason === 'quarantined' ? 'quarantine' : verdict.verb
}

function finish(draft: Draft, index: number, held: Held, ending: Ending): void {
  const { attempts } = workerAt(draft, index)
  change(draft, index, { attempts: attempts.map((each) => (each === held ? { ...held, ending } : each)) })
  draft.wire.push(settlementOf(index, held, ending))
}

function begin(draft: Draft, index: number): void {
  const { rows } = workerAt(draft, index)
  change(draft, index, { process: 'up', isStopping: false, rows: [...rows, { state: 'living', heartbeat: 'fresh' }] })
}

function leave(draft: Draft, self: Incarnation): void {
  end(draft, self.worker)
  draft.wire.push({ kind: 'stopped', by: self })
}

/** Ends the process, with whatever it held and would have received. */
function end(draft: Draft, index: number): void {
  change(draft, index, { process: 'down', isStopping: false, claimUnderWay: null, attempts: [] })
}

// The wire: what each statement does when it arrives, and each answer when it is received.

function arrivals(situation: Situation, message: Message): void {
  const { rules, may } = situation
  switch (message.kind) {
    case 'claim':
      return void claimArrives(situation, message)
    case 'heartbeat':
      return void may(`A delayed heartbeat of ${lifeOf(message.by)} arrives`, (draft) => {
        take(draft, message)
        renew(draft, message.by, rules)
      })
    case 'settle':
      return void settlementArrives(situation, message)
    case 'mark lost':
      return void lossArrives(situation, message)
    default:
      return void may(`The report that ${lifeOf(message.by)} stops arrives`, (draft) => {
        take(draft, message)
        forget(draft, message.by)
        if (rowOf(draft, message.by).state === 'living') changeRow(draft, message.by, { state: 'stopped' })
      })
  }
}

function claimArrives({ state, may }: Situation, message: Message & { kind: 'claim' }): void {
  const { by } = message
  const queued = queuedIn(state)
  if (rowOf(state, by).state !== 'living' || queued.length === 0)
    return void may(`The delayed claim of ${lifeOf(by)} arrives and takes nothing`, (draft) => {
      take(draft, message)
      forgetClaim(draft, by)
    })
  for (const number of queued) {
    const claimed = leaseOf(number, taskAt(state, number).leasesGiven + 1)
    may(`The delayed claim of ${lifeOf(by)} arrives and takes ${claimed}`, (draft, note) => {
      take(draft, message)
      receive(draft, by, grant(draft, number, by))
      note({ kind: 'claimed', task: number })
    })
  }
}

/** claimed-leases.ts: `accept`; and `release`, for an answer that arrives after its run was abandoned. */
function receive(draft: Draft, by: Incarnation, held: Held): void {
  const { worker: index, life } = by
  const { process, isStopping, claimUnderWay, attempts } = workerAt(draft, index)
  if (process === 'down' || !isSame(by, currentOf(draft, index))) return
  const isWanted = claimUnderWay === life && !isStopping
  // A frozen worker releases the lease when it continues, as if it had received no answer.
  change(draft, index, { attempts: [...attempts, isWanted ? held : { ...held, ending: 'release' }] })
  forgetClaim(draft, by)
  if (!isWanted && process === 'up') draft.wire.push(settlementOf(index, held, 'release'))
}

/** heartbeat-worker.ts, and heartbeat-sender.ts that applies the answer. */
function renew(draft: Draft, by: Incarnation, rules: Rules): void {
  const { worker: index } = by
  const worker = workerAt(draft, index)
  const isReceived = worker.process === 'up' && isSame(by, currentOf(draft, index))
  if (rowOf(draft, by).state === 'living' || !rules.heartbeatNeedsLiving) {
    changeRow(draft, by, { state: 'living', heartbeat: 'fresh' })
    // The observed heartbeat has advanced.
    forget(draft, by)
    draft.wire = draft.wire.map((each) =>
      each.kind === 'mark lost' && isSame(each.of, by) ? { ...each, isSame: false } : each,
    )
    if (!isReceived) return
    const attempts = worker.attempts.map((held) =>
      isCancelOf(draft, by, held) ? { ...held, knowsCancel: true } : held,
    )
    change(draft, index, { attempts })
  } else if (isReceived) {
    // Ended attempts are still reported to storage, which refuses each that was rescued.
    change(draft, index, { attempts: worker.attempts.filter(({ ending }) => ending !== null) })
    const { isStopping } = worker
    begin(draft, index)
    change(draft, index, { isStopping })
  }
}

/** finish-tasks.ts, requeue-tasks.ts and, for a lease that has ended, find-settled-leases.ts. */
function settlementArrives({ state, rules, may, accident }: Situation, message: Message & { kind: 'settle' }): void {
  const { task: number, lease, ending } = message
  const task = taskAt(state, number)
  const ended = ENDS[ending]
  const isRequeue = !finishesTask(ended)
  const presents = isRequeue ? rules.requeuePresentsLease : rules.finishPresentsLease
  const isAccepted = task.state === 'running' && (task.lease === lease || !presents)
  const arrival = `The message of ${senderOf(message)} to ${ending} ${attemptName(message)} arrives`

  if (!isAccepted) {
    const end = task.ends[lease]
    const stored = end && storedAs(ENDS[end])
    const own = ENDS[message.instead ?? ending]
    const isSameEnd = stored === storedAs(own)
    const isRepeat = isSameEnd || (!finishesTask(own) && stored === storedAs(ENDS.cancel))
    const isKnown = isRepeat && rules.recognizesRepeats
    return void reach(isKnown ? 'it was accepted before' : 'it is refused as stale', (_, note) => {
      if (!isKnown && isSameEnd) note({ kind: 'refused wrongly', task: number, lease })
    })
  }
  if (isRequeue && task.isCancelRequested && rules.requeueChecksCancel)
    return void may(`${arrival}: a cancel was requested, so the sender will cancel it`, (draft) => {
      take(draft, message)
      draft.wire.push({ ...message, ending: 'cancel', instead: ending })
    })
  const refunds = ended.attempts === 0 && (ending !== 'release' || rules.releaseRefundsAttempt)
  const to = stateAfter(ended) as Task['state']
  reach(`the task is ${to}`, (draft, note) => {
    const isDeath = ENDS[message.instead ?? ending].crashes === 1
    changeTask(draft, number, {
      state: to,
      lease: null,
      holder: null,
      attempt: refunds ? task.attempt - 1 : task.attempt,
      crashes: isDeath && rules.countsCrashes ? task.crashes + 1 : task.crashes,
      deaths: isDeath ? task.deaths + 1 : task.deaths,
      ends: { ...task.ends, [task.lease ?? lease]: ending },
    })
    note({ kind: 'ended', task: number, lease, ending, isByRescuer: message.from === RESCUER })
  })

  function reach(result: string, change: Change): void {
    may(`${arrival}: ${result}`, (draft, note) => {
      answer(draft, message)
      change(draft, note)
    })
    if (isAwaited(state, message))
      accident('message', `${arrival}: ${result}, but the answer is lost`, (draft, note) => {
        take(draft, message)
        change(draft, note)
      })
  }
}

/** The rows of the table of ends that the model has. */
const ENDS: Readonly<Record<Ending, AttemptEnd>> = {
  complete: ATTEMPT_ENDS.succeeded,
  fail: ATTEMPT_ENDS.exhausted,
  quarantine: ATTEMPT_ENDS.quarantined,
  cancel: ATTEMPT_ENDS.cancelled,
  retry: ATTEMPT_ENDS.retried,
  release: ATTEMPT_ENDS.released,
  rescue: ATTEMPT_ENDS.rescued,
}

/** settle.ts: `storedAs`, what find-settled-leases.sql reports of an attempt that ended in this way. */
const storedAs = (end: AttemptEnd): string => `${finishesTask(end) ? 'task' : 'attempt'} ${end.outcome}`

/**
 * Even a frozen worker receives the answer immediately: it changes only the attempts that this worker holds, which
 * nobody else reads.
 */
function answer(draft: Draft, message: Message & { kind: 'settle' }): void {
  take(draft, message)
  if (!isAwaited(draft, message)) return
  const { attempts } = workerAt(draft, message.from)
  change(draft, message.from, { attempts: attempts.filter((held) => !isOf(held, message)) })
}

const isAwaited = (state: Pick<State, 'workers'>, message: Message & { kind: 'settle' }): boolean =>
  message.from !== RESCUER && workerAt(state, message.from).attempts.some((held) => isOf(held, message))

// The rescuer: server/src/coordinator/rescuer.ts.

function rescuerSteps({ state, rules, maxAttempts, may }: Situation): void {
  checkHeartbeats()

  // list-orphaned-leases.ts
  state.tasks.forEach((task, number) => {
    const { lease, holder } = task
    if (task.state !== 'running' || lease === null || holder === null) return
    const isOrphan = rowOf(state, holder).state !== 'living'
    if (!isOrphan && rules.rescuesOnlyOrphans) return
    if (isOnItsWay(state, RESCUER, { task: number, lease })) return
    const ending = judged('crashed', task, maxAttempts)
    const why = isOrphan ? `belongs to ${lifeOf(holder)}, which has ended` : 'has run for very long'
    may(`The rescuer finds that ${leaseOf(number, lease)} ${why}, and sends a message to ${ending} it`, (draft) => {
      draft.wire.push(settlementOf(RESCUER, { task: number, lease }, ending))
    })
  })

  /** list-silent-workers.ts, and mark-workers-lost.ts for the workers that were observed for long enough. */
  function checkHeartbeats(): void {
    const silent = state.workers.flatMap(({ rows }, worker) =>
      rows.flatMap((row, life) => (row.state === 'living' && row.heartbeat !== 'fresh' ? [{ worker, life }] : [])),
    )
    const observed = silent.map(
      (of) => state.observed.find((each) => isSame(each.of, of)) ?? { of, periods: 0 as const },
    )
    const lost = observed
      .filter(({ periods }) => periods > 0 || !rules.observesSilence)
      .filter(({ of }) => !state.wire.some((each) => each.kind === 'mark lost' && isSame(each.of, of)))
    const isNews = observed.length !== state.observed.length || observed.some((each) => !state.observed.includes(each))
    if (silent.length === 0 || (lost.length === 0 && !isNews)) return
    const sees = `The rescuer sees that ${silent.map(lifeOf).join(' and ')} ${silent.length > 1 ? 'are' : 'is'} silent`
    const does =
      lost.length > 0
        ? `sends a message to mark ${lost.map(({ of }) => lifeOf(of)).join(' and ')} lost`
        : 'keeps observing'
    may(`${sees}, and ${does}`, (draft) => {
      draft.observed = observed
      for (const { of } of lost) draft.wire.push({ kind: 'mark lost', of, isSame: true })
    })
  }
}

function forget(draft: Draft, of: Incarnation): void {
  draft.observed = draft.observed.filter((each) => !isSame(each.of, of))
}

/** mark-workers-lost.ts */
function lossArrives({ state, rules, may }: Situation, message: Message & { kind: 'mark lost' }): void {
  const { of } = message
  const isLost = rowOf(state, of).state === 'living' && (message.isSame || !rules.rechecksHeartbeat)
  may(
    `The message to mark ${lifeOf(of)} lost arrives: ${isLost ? 'it is lost' : 'nothing changes, because its heartbeat has advanced or it has ended'}`,
    (draft, note) => {
      take(draft, message)
      if (!isLost) return
      changeRow(draft, of, { state: 'lost' })
      forget(draft, of)
      note({ kind: 'lost', of })
    },
  )
}

// The callers and the promoter.

function taskSteps({ state, may, might }: Situation): void {
  state.tasks.forEach((task, number) => {
    // promote-tasks.ts
    if (task.state === 'retrying')
      may(`${taskName(number)} is due again`, (draft) => changeTask(draft, number, { state: TRANSITIONS.promote.to }))
    // cancel-task.ts
    if (task.state === 'queued' || task.state === 'retrying')
      might(`A caller cancels ${taskName(number)}, which waits: it is cancelled`, (draft) =>
        changeTask(draft, number, { state: TRANSITIONS.cancel.to }),
      )
    if (task.state === 'running' && !task.isCancelRequested)
      might(
        `A caller cancels ${taskName(number)}, which runs: the next heartbeat of its worker will report it`,
        (draft) => changeTask(draft, number, { isCancelRequested: true }),
      )
  })
}

// Time.

function timeSteps({ state, rules, may, accident }: Situation): void {
  may('A heartbeat period passes, and every healthy worker sends a heartbeat', (draft) => {
    mapLiving(draft, () => 'silent')
    draft.observed = draft.observed.map((each) => ({ ...each, periods: 1 }))
    state.workers.forEach(({ process }, index) => {
      if (process === 'up') renew(draft, currentOf(draft, index), rules)
    })
  })
  if (state.workers.some(({ rows }) => rows.some((row) => row.state === 'living' && row.heartbeat === 'fresh')))
    accident('database', 'The database is unavailable for so long that every worker looks silent', (draft) => {
      mapLiving(draft, ({ heartbeat }) => (heartbeat === 'silent' ? 'silent' : 'excused'))
      draft.observed = rules.forgetsAfterGap ? [] : draft.observed.map((each) => ({ ...each, periods: 1 }))
    })
}

function mapLiving(draft: Draft, next: (row: WorkerRow) => WorkerRow['heartbeat']): void {
  draft.workers = draft.workers.map((worker) => ({
    ...worker,
    rows: worker.rows.map((row) => (row.state === 'living' ? { ...row, heartbeat: next(row) } : row)),
  }))
}

// Accidents.

function workerAccidents({ state, accident }: Situation, index: number): void {
  const worker = workerAt(state, index)
  if (worker.process === 'down') return
  const name = nameOf(index)
  const self = currentOf(state, index)

  accident('crash', `${name} crashes`, (draft) => end(draft, index))
  if (worker.process === 'frozen') return
  accident('freeze', `${name} freezes, or loses its network`, (draft) => change(draft, index, { process: 'frozen' }))
  if (!state.wire.some((each) => each.kind === 'heartbeat' && isSame(each.by, self)))
    accident('message', `A heartbeat of ${name} is sent twice, and the second copy is delayed`, (draft) => {
      draft.wire.push({ kind: 'heartbeat', by: self })
    })
  if (worker.isStopping) {
    if (worker.attempts.every(({ ending }) => ending !== null) && worker.attempts.length > 0)
      accident('stop', `${name} is stopping, stops waiting for answers, reports that it stops, and exits`, (draft) =>
        leave(draft, self),
      )
  } else accident('stop', `${name} receives SIGTERM`, (draft) => change(draft, index, { isStopping: true }))
}

function wireAccidents({ accident }: Situation, message: Message): void {
  accident('message', `${described(message)} is lost`, (draft) => {
    take(draft, message)
    if (message.kind === 'claim') forgetClaim(draft, message.by)
  })
  if (message.kind === 'claim' || message.kind === 'settle' || message.kind === 'mark lost')
    accident('message', `${described(message)} is duplicated`, (draft) => {
      draft.wire.push(message)
    })
}
