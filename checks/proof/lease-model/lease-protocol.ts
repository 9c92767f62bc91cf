/**
 * The lease protocol as a model: what the database, the workers, the rescuer and the callers may do, one step at a time.
 *
 * A claim gives a task to a worker under a lease. Who ends the attempt presents the lease, and nobody else's word counts. A worker
 * keeps all its leases by one heartbeat; when that was watched standing still the worker is declared dead, its tasks are
 * taken back, and it goes on as another incarnation once it hears of it. So three parties may speak of one attempt, each late,
 * twice or never: the worker that has it, the same worker before it was declared dead, and the rescuer.
 *
 * Every statement is a message of its own on the wire: it lands at any time, before or after any other, and changes the rows at one
 * stroke, as PostgreSQL does. Its answer is heard at once or never: later makes no other history. Time is told in periods of a heartbeat: at the end of each, every worker
 * that is well has beaten, which is all that "well" means. How long anything else takes is left open.
 *
 * What may go wrong (a crash of a worker or of a runner, a freeze, a lost or a doubled message, the database away, a planned stop) goes
 * wrong at any moment, but only so many times in one history. The rest is ordinary: handlers fail, callers cancel.
 *
 * The `RULES` are the guards that the code has, each in one place: without any one of them some promise is broken
 * (`variants.ts`). What a step is called in the code is said beside it.
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
import {
  type AccidentKind,
  change,
  changeRow,
  changeTask,
  type Draft,
  type Ending,
  forgetClaim,
  type Held,
  type Incarnation,
  isCancelOf,
  isOf,
  isOnItsWay,
  isOver,
  isSame,
  isUntold,
  type Message,
  presentOf,
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
import { capital, described, leaseOf, lifeOf, nameOf, senderOf, spoken, taskName } from './lease-words.ts'

/** The guards of the protocol. */
export const RULES = {
  /** finish-tasks.sql: `(id, lease_id) in (select task_id, lease_id from settlement)`. */
  finishPresentsLease: true,
  /** requeue-tasks.sql: `lease_id = settlement.lease_id`. */
  returnPresentsLease: true,
  /** requeue-tasks.sql: `cancel_requested_at is null`. */
  returnHeedsCancel: true,
  /** requeue-tasks.sql: `crash_count + ended.crashes`. */
  countsCrashes: true,
  /** requeue-tasks.sql: `attempt - 1 + ended.used_attempts`. */
  releaseGivesAttemptBack: true,
  /** settle.ts: `findRepeats`, by find-settled-leases.ts. */
  knowsRepeats: true,
  /** heartbeat-worker.ts: `state in ('active', 'draining')`. */
  beatNeedsLiving: true,
  /** list-orphaned-leases.ts: a task is rescued for the end of its worker, and not for the time it takes. */
  rescuesOnlyOrphans: true,
  /** rescuer.ts: a heartbeat must be watched standing still. */
  watches: true,
  /** rescuer.ts: a gap between two rounds makes it forget what it saw. */
  forgetsOverGap: true,
  /** bury-workers.ts: `worker.heartbeat_at = silent.heartbeat_at`. */
  buryLooksAgain: true,
  /** leaked-leases.ts: what storage counts as this worker's, and the worker does not know, it hands back. */
  handsBackUnheld: true,
} as const

export type Rules = Readonly<Record<keyof typeof RULES, boolean>>

/** What a witness of a step would write down. */
export type Fact =
  | { readonly kind: 'claimed'; readonly task: number }
  | {
      readonly kind: 'ended'
      readonly task: number
      readonly lease: number
      readonly ending: Ending
      readonly isByRescuer: boolean
    }
  /** Called stale, though the attempt did end so. */
  | { readonly kind: 'disowned'; readonly task: number; readonly lease: number }
  | { readonly kind: 'lost'; readonly of: Incarnation }

interface Step {
  readonly says: string
  readonly to: State
  readonly isHelpful: boolean
  readonly fact?: Fact | undefined
}

/** With a way to note what a witness would. */
type Change = (draft: Draft, note: (fact: Fact) => void) => void

/** Where the steps out of one state are gathered. */
interface Situation {
  readonly state: State
  readonly rules: Rules
  readonly maxAttempts: number
  /** What comes about by itself when nothing more goes wrong. */
  may(says: string, change: Change): void
  /** What may as well never happen. */
  might(says: string, change: Change): void
  /** What goes wrong. */
  accident(kind: AccidentKind, says: string, change: Change): void
}

export function stepsFrom(state: State, rules: Rules, { maxAttempts, kinds }: Size): readonly Step[] {
  const steps: Step[] = []
  const add = (says: string, change: Change, isHelpful: boolean, accidents: number): void => {
    const to: Draft = {
      tasks: [...state.tasks],
      workers: [...state.workers],
      wire: [...state.wire],
      watched: [...state.watched],
      accidentsLeft: state.accidentsLeft - accidents,
    }
    let fact: Fact | undefined
    change(to, (noted) => {
      fact = noted
    })
    steps.push({ says: capital(says), to, isHelpful, fact })
  }
  const situation: Situation = {
    state,
    rules,
    maxAttempts,
    may: (says, change) => add(says, change, true, 0),
    might: (says, change) => add(says, change, false, 0),
    accident: (kind, says, change) => {
      if (state.accidentsLeft > 0 && kinds.includes(kind)) add(says, change, false, 1)
    },
  }
  for (const message of state.wire) landing(situation, message)
  for (const worker of state.workers.keys()) repeats(situation, worker)
  // Of finished tasks nobody says more than what is on the wire, or is repeated.
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

// The worker: worker/src, with its fetch loop, its settler, its heart, and its stop.

function workerSteps(situation: Situation, index: number): void {
  const { state, rules, may } = situation
  const worker = workerAt(state, index)
  const name = nameOf(index)
  if (worker.process === 'down') {
    may(`${name} starts again, as another incarnation`, (draft) => begin(draft, index))
    return
  }
  if (worker.process === 'frozen') {
    may(`${name} goes on`, (draft) => change(draft, index, { process: 'up' }))
    return
  }
  const self = presentOf(state, index)

  claims(situation, index)

  // Its answer comes at once: between the two nothing could happen that could not happen before or after both.
  if (rowOf(state, self).state !== 'living' || rowOf(state, self).heard !== 'fresh' || isUntold(state, self))
    may(
      `${name} beats${rowOf(state, self).state === 'living' || !rules.beatNeedsLiving ? '' : ', hears that it was declared dead, drops what it runs and goes on as another incarnation'}`,
      (draft) => beat(draft, self, rules),
    )

  for (const held of worker.hand) if (held.ending === null) endings(situation, index, held)

  if (rules.handsBackUnheld && worker.claimUnderWay === null)
    state.tasks.forEach((task, number) => {
      if (task.lease === null || !isSame(task.holder, self)) return
      const { lease } = task
      if (worker.hand.some((held) => held.task === number && held.lease === lease)) return
      if (isOnItsWay(state, index, { task: number, lease })) return
      may(
        `${name} finds that ${leaseOf(number, lease)} is counted as its own, does not know it, and hands it back`,
        (draft) => {
          draft.wire.push(settlementOf(index, { task: number, lease }, 'release'))
        },
      )
    })

  if (worker.isStopping && worker.hand.length === 0 && worker.claimUnderWay === null)
    may(`${name} has nothing left in hand, says goodbye and exits`, (draft) => leave(draft, self))
}

/** settler.ts and retry-while-unavailable.ts: the outcome is unknown until storage has answered. */
function repeats({ state, may }: Situation, index: number): void {
  const { process, hand } = workerAt(state, index)
  if (process !== 'up') return
  for (const held of hand)
    if (held.ending !== null && !isOnItsWay(state, index, held))
      may(`${nameOf(index)} has no answer, and sends again that ${spoken(held)} is to ${held.ending}`, (draft) => {
        draft.wire.push(settlementOf(index, held, held.ending))
      })
}

/**
 * fetch-loop.ts. A claim that is answered at once stands for all whose answer comes while the worker waits for it: meanwhile the
 * worker does nothing with what it was given. What comes late is a message of its own.
 */
function claims({ state, may, accident }: Situation, index: number): void {
  const { hand, claimUnderWay, isStopping } = workerAt(state, index)
  const name = nameOf(index)
  const self = presentOf(state, index)
  if (claimUnderWay !== null)
    return void may(`${name} waits no longer for the answer of its claim`, (draft) =>
      change(draft, index, { claimUnderWay: null }),
    )
  if (isStopping || hand.length > UNSETTLED || hand.some(({ ending }) => ending === null)) return
  accident('message', `${name} sends a claim, which is late`, (draft) => {
    change(draft, index, { claimUnderWay: self.life })
    draft.wire.push({ kind: 'claim', by: self })
  })
  if (rowOf(state, self).state !== 'living') return
  for (const number of queuedIn(state)) {
    const claimed = leaseOf(number, taskAt(state, number).leasesGiven + 1)
    may(`${name} claims ${claimed}, and starts it`, (draft, note) => {
      const held = give(draft, number, self)
      change(draft, index, { hand: [...hand, held] })
      note({ kind: 'claimed', task: number })
    })
    accident('message', `${name} claims ${claimed}, but the answer is lost`, (draft, note) => {
      give(draft, number, self)
      note({ kind: 'claimed', task: number })
    })
  }
}

/** How far settling may lag behind: for the attempt after it to run beside one that is sent again and again. */
const UNSETTLED = 1

const queuedIn = ({ tasks }: State): number[] =>
  tasks.flatMap((task, number) => (task.state === 'queued' ? [number] : []))

/** claim-tasks.ts. Which of the queued tasks is left open, as if rank were chance. */
function give(draft: Draft, number: number, holder: Incarnation): Held {
  const { leasesGiven, attempt: former, crashes } = taskAt(draft, number)
  const lease = leasesGiven + 1
  const attempt = former + 1
  changeTask(draft, number, { state: TRANSITIONS.claim.to, attempt, lease, holder, leasesGiven: lease })
  return { task: number, lease, attempt, crashes, isTold: false, ending: null }
}

/** attempts.ts and stop.ts, and `judge` itself. */
function endings({ state, maxAttempts, may, might, accident }: Situation, index: number, held: Held): void {
  const name = nameOf(index)
  const end = (ending: Ending) => (draft: Draft) => finish(draft, index, held, ending)
  may(`${spoken(held)} succeeds on ${name}, which sends the result`, end('complete'))
  if (held.isTold) {
    may(`${spoken(held)} obeys the cancel on ${name}, which sends word of it`, end('cancel'))
    return
  }
  if (workerAt(state, index).isStopping) may(`${name} is stopping, and hands ${spoken(held)} back`, end('release'))
  might(`${spoken(held)} fails on ${name}, which sends word of it`, end(judged('failed', held, maxAttempts)))
  accident(
    'crash',
    `${spoken(held)} kills its runner on ${name}, which sends word of it`,
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
  const { hand } = workerAt(draft, index)
  change(draft, index, { hand: hand.map((each) => (each === held ? { ...held, ending } : each)) })
  draft.wire.push(settlementOf(index, held, ending))
}

function begin(draft: Draft, index: number): void {
  const { rows } = workerAt(draft, index)
  change(draft, index, { process: 'up', isStopping: false, rows: [...rows, { state: 'living', heard: 'fresh' }] })
}

function leave(draft: Draft, self: Incarnation): void {
  end(draft, self.worker)
  draft.wire.push({ kind: 'goodbye', by: self })
}

/** The process is gone, and with it whatever it held and would have heard. */
function end(draft: Draft, index: number): void {
  change(draft, index, { process: 'down', isStopping: false, claimUnderWay: null, hand: [] })
}

// The wire: what each statement does when it lands, and each answer when it is heard.

function landing(situation: Situation, message: Message): void {
  const { rules, may } = situation
  switch (message.kind) {
    case 'claim':
      return void claimLands(situation, message)
    case 'beat':
      return void may(`A late heartbeat of ${lifeOf(message.by)} arrives`, (draft) => {
        take(draft, message)
        beat(draft, message.by, rules)
      })
    case 'settle':
      return void settlementLands(situation, message)
    case 'bury':
      return void burialLands(situation, message)
    default:
      return void may(`The goodbye of ${lifeOf(message.by)} arrives`, (draft) => {
        take(draft, message)
        unwatch(draft, message.by)
        if (rowOf(draft, message.by).state === 'living') changeRow(draft, message.by, { state: 'stopped' })
      })
  }
}

function claimLands({ state, may }: Situation, message: Message & { kind: 'claim' }): void {
  const { by } = message
  const queued = queuedIn(state)
  if (rowOf(state, by).state !== 'living' || queued.length === 0)
    return void may(`The late claim of ${lifeOf(by)} arrives and takes nothing`, (draft) => {
      take(draft, message)
      forgetClaim(draft, by)
    })
  for (const number of queued) {
    const claimed = leaseOf(number, taskAt(state, number).leasesGiven + 1)
    may(`The late claim of ${lifeOf(by)} arrives: it takes ${claimed}`, (draft, note) => {
      take(draft, message)
      receive(draft, by, give(draft, number, by))
      note({ kind: 'claimed', task: number })
    })
  }
}

/** claimed-leases.ts: `accept`; and `release`, for an answer that arrives after its run was abandoned. */
function receive(draft: Draft, by: Incarnation, held: Held): void {
  const { worker: index, life } = by
  const { process, isStopping, claimUnderWay, hand } = workerAt(draft, index)
  if (process === 'down' || !isSame(by, presentOf(draft, index))) return
  const isWanted = claimUnderWay === life && !isStopping
  // One that is frozen sends its word when it goes on, as one that had no answer.
  change(draft, index, { hand: [...hand, isWanted ? held : { ...held, ending: 'release' }] })
  forgetClaim(draft, by)
  if (!isWanted && process === 'up') draft.wire.push(settlementOf(index, held, 'release'))
}

/** heartbeat-worker.ts, and heartbeat-sender.ts that applies the answer. */
function beat(draft: Draft, by: Incarnation, rules: Rules): void {
  const { worker: index } = by
  const worker = workerAt(draft, index)
  const isHeard = worker.process === 'up' && isSame(by, presentOf(draft, index))
  if (rowOf(draft, by).state === 'living' || !rules.beatNeedsLiving) {
    changeRow(draft, by, { state: 'living', heard: 'fresh' })
    // What was watched is not the heartbeat any more.
    unwatch(draft, by)
    draft.wire = draft.wire.map((each) =>
      each.kind === 'bury' && isSame(each.of, by) ? { ...each, isSame: false } : each,
    )
    if (!isHeard) return
    const hand = worker.hand.map((held) => (isCancelOf(draft, by, held) ? { ...held, isTold: true } : held))
    change(draft, index, { hand })
  } else if (isHeard) {
    // What has ended is still brought to storage, which refuses it once it is rescued.
    change(draft, index, { hand: worker.hand.filter(({ ending }) => ending !== null) })
    const { isStopping } = worker
    begin(draft, index)
    change(draft, index, { isStopping })
  }
}

/** finish-tasks.ts, requeue-tasks.ts and, for a lease that is gone, find-settled-leases.ts. */
function settlementLands({ state, rules, may, accident }: Situation, message: Message & { kind: 'settle' }): void {
  const { task: number, lease, ending } = message
  const task = taskAt(state, number)
  const ended = ENDS[ending]
  const isRequeue = !finishesTask(ended)
  const presents = isRequeue ? rules.returnPresentsLease : rules.finishPresentsLease
  const isAccepted = task.state === 'running' && (task.lease === lease || !presents)
  const words = `The word of ${senderOf(message)} arrives that ${spoken(message)} is to ${ending}`

  if (!isAccepted) {
    const end = task.ends[lease]
    const stored = end && storedAs(ENDS[end])
    const own = ENDS[message.instead ?? ending]
    const isSameEnd = stored === storedAs(own)
    const isRepeat = isSameEnd || (!finishesTask(own) && stored === storedAs(ENDS.cancel))
    const isKnown = isRepeat && rules.knowsRepeats
    return void reach(isKnown ? 'it was accepted before' : 'it is refused as stale', (_, note) => {
      if (!isKnown && isSameEnd) note({ kind: 'disowned', task: number, lease })
    })
  }
  if (isRequeue && task.isCancelAsked && rules.returnHeedsCancel)
    return void may(`${words}: but it is to be cancelled, so the sender will end it as cancelled`, (draft) => {
      take(draft, message)
      draft.wire.push({ ...message, ending: 'cancel', instead: ending })
    })
  const givesBack = ended.attempts === 0 && (ending !== 'release' || rules.releaseGivesAttemptBack)
  const to = stateAfter(ended) as Task['state']
  reach(`the task is ${to}`, (draft, note) => {
    const isDeath = ENDS[message.instead ?? ending].crashes === 1
    changeTask(draft, number, {
      state: to,
      lease: null,
      holder: null,
      attempt: givesBack ? task.attempt - 1 : task.attempt,
      crashes: isDeath && rules.countsCrashes ? task.crashes + 1 : task.crashes,
      deaths: isDeath ? task.deaths + 1 : task.deaths,
      ends: { ...task.ends, [task.lease ?? lease]: ending },
    })
    note({ kind: 'ended', task: number, lease, ending, isByRescuer: message.from === RESCUER })
  })

  function reach(comesOfIt: string, change: Change): void {
    may(`${words}: ${comesOfIt}`, (draft, note) => {
      answer(draft, message)
      change(draft, note)
    })
    if (isAwaited(state, message))
      accident('message', `${words}: ${comesOfIt}, but the answer is lost`, (draft, note) => {
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

/** settle.ts: `storedAs`, what find-settled-leases.ts reports of an attempt that ended in this way. */
const storedAs = (end: AttemptEnd): string => `${finishesTask(end) ? 'task' : 'attempt'} ${end.outcome}`

/** Heard at once, also by one that is frozen: it changes nothing but the worker's own hand, at which nobody else looks. */
function answer(draft: Draft, message: Message & { kind: 'settle' }): void {
  take(draft, message)
  if (!isAwaited(draft, message)) return
  const { hand } = workerAt(draft, message.from)
  change(draft, message.from, { hand: hand.filter((held) => !isOf(held, message)) })
}

const isAwaited = (state: Pick<State, 'workers'>, message: Message & { kind: 'settle' }): boolean =>
  message.from !== RESCUER && workerAt(state, message.from).hand.some((held) => isOf(held, message))

// The rescuer: server/src/coordinator/rescuer.ts.

function rescuerSteps({ state, rules, maxAttempts, may }: Situation): void {
  look()

  // list-orphaned-leases.ts
  state.tasks.forEach((task, number) => {
    const { lease, holder } = task
    if (task.state !== 'running' || lease === null || holder === null) return
    const isOrphan = rowOf(state, holder).state !== 'living'
    if (!isOrphan && rules.rescuesOnlyOrphans) return
    if (isOnItsWay(state, RESCUER, { task: number, lease })) return
    const ending = judged('crashed', task, maxAttempts)
    const why = isOrphan ? `is left over from ${lifeOf(holder)}` : 'has run for very long'
    may(`The rescuer finds that ${leaseOf(number, lease)} ${why}, and sends word to ${ending} it`, (draft) => {
      draft.wire.push(settlementOf(RESCUER, { task: number, lease }, ending))
    })
  })

  /** list-silent-workers.ts, and the burial of those that were watched for long enough. */
  function look(): void {
    const silent = state.workers.flatMap(({ rows }, worker) =>
      rows.flatMap((row, life) => (row.state === 'living' && row.heard !== 'fresh' ? [{ worker, life }] : [])),
    )
    const watched = silent.map((of) => state.watched.find((each) => isSame(each.of, of)) ?? { of, periods: 0 as const })
    const dead = watched
      .filter(({ periods }) => periods > 0 || !rules.watches)
      .filter(({ of }) => !state.wire.some((each) => each.kind === 'bury' && isSame(each.of, of)))
    const isNews = watched.length !== state.watched.length || watched.some((each) => !state.watched.includes(each))
    if (silent.length === 0 || (dead.length === 0 && !isNews)) return
    const sees = `The rescuer sees that ${silent.map(lifeOf).join(' and ')} ${silent.length > 1 ? 'are' : 'is'} silent`
    const does =
      dead.length > 0 ? `sends word to declare ${dead.map(({ of }) => lifeOf(of)).join(' and ')} dead` : 'watches'
    may(`${sees}, and ${does}`, (draft) => {
      draft.watched = watched
      for (const { of } of dead) draft.wire.push({ kind: 'bury', of, isSame: true })
    })
  }
}

function unwatch(draft: Draft, of: Incarnation): void {
  draft.watched = draft.watched.filter((each) => !isSame(each.of, of))
}

/** bury-workers.ts */
function burialLands({ state, rules, may }: Situation, message: Message & { kind: 'bury' }): void {
  const { of } = message
  const isBuried = rowOf(state, of).state === 'living' && (message.isSame || !rules.buryLooksAgain)
  may(
    `The word arrives to declare ${lifeOf(of)} dead: ${isBuried ? 'it is' : 'it is not, for it has beaten or gone'}`,
    (draft, note) => {
      take(draft, message)
      if (!isBuried) return
      changeRow(draft, of, { state: 'lost' })
      unwatch(draft, of)
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
    if (task.state === 'running' && !task.isCancelAsked)
      might(`A caller cancels ${taskName(number)}, which runs: its worker is to be told`, (draft) =>
        changeTask(draft, number, { isCancelAsked: true }),
      )
  })
}

// Time.

function timeSteps({ state, rules, may, accident }: Situation): void {
  may('The time of a heartbeat passes, and those who are well beat', (draft) => {
    mapLiving(draft, () => 'silent')
    draft.watched = draft.watched.map((each) => ({ ...each, periods: 1 }))
    state.workers.forEach(({ process }, index) => {
      if (process === 'up') beat(draft, presentOf(draft, index), rules)
    })
  })
  if (state.workers.some(({ rows }) => rows.some((row) => row.state === 'living' && row.heard === 'fresh')))
    accident('database', 'The database is away, for so long that every worker looks silent', (draft) => {
      mapLiving(draft, ({ heard }) => (heard === 'silent' ? 'silent' : 'excused'))
      draft.watched = rules.forgetsOverGap ? [] : draft.watched.map((each) => ({ ...each, periods: 1 }))
    })
}

function mapLiving(draft: Draft, next: (row: WorkerRow) => WorkerRow['heard']): void {
  draft.workers = draft.workers.map((worker) => ({
    ...worker,
    rows: worker.rows.map((row) => (row.state === 'living' ? { ...row, heard: next(row) } : row)),
  }))
}

// What goes wrong.

function workerAccidents({ state, accident }: Situation, index: number): void {
  const worker = workerAt(state, index)
  if (worker.process === 'down') return
  const name = nameOf(index)
  const self = presentOf(state, index)

  accident('crash', `${name} crashes`, (draft) => end(draft, index))
  if (worker.process === 'frozen') return
  accident('freeze', `${name} freezes, or is cut off`, (draft) => change(draft, index, { process: 'frozen' }))
  if (!state.wire.some((each) => each.kind === 'beat' && isSame(each.by, self)))
    accident('message', `A heartbeat of ${name} goes out twice, and the second is late`, (draft) => {
      draft.wire.push({ kind: 'beat', by: self })
    })
  if (worker.isStopping) {
    if (worker.hand.every(({ ending }) => ending !== null) && worker.hand.length > 0)
      accident('stop', `${name} is stopping, waits no longer for an answer, says goodbye and exits`, (draft) =>
        leave(draft, self),
      )
  } else accident('stop', `${name} is told to stop`, (draft) => change(draft, index, { isStopping: true }))
}

function wireAccidents({ accident }: Situation, message: Message): void {
  accident('message', `${described(message)} is lost`, (draft) => {
    take(draft, message)
    if (message.kind === 'claim') forgetClaim(draft, message.by)
  })
  if (message.kind === 'claim' || message.kind === 'settle' || message.kind === 'bury')
    accident('message', `${described(message)} is doubled`, (draft) => {
      draft.wire.push(message)
    })
}
