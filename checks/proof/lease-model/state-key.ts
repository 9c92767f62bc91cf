import type { Ending, Held, Incarnation, Message, State, Task, Worker, WorkerRow } from './lease-state.ts'

/**
 * Returns the same key for states that behave alike. Such states differ only in the names of equal workers and tasks,
 * in the number of former leases and incarnations to which nothing refers any more, and in the order in which messages
 * were sent.
 *
 * A key is a text of numbers. The function renumbers the leases of each task and the incarnations of each worker,
 * keeping only those to which something refers. It then encodes the state under each order of workers and tasks, and
 * returns the smallest text. Marks that do not depend on names sort all workers and tasks but the equal ones, so few
 * orders must be tried.
 */
export function keyOf(state: State): string {
  const leases = state.tasks.map((task, number) => usedLeases(state, task, number))
  const lives = state.workers.map((_, number) => usedLives(state, number))
  let least: string | undefined
  const taskOrders = ordersBy(state.tasks.map((task, number) => taskMark(task, leases[number])))
  for (const workers of ordersBy(state.workers.map((worker, number) => workerMark(worker, lives[number]))))
    for (const tasks of taskOrders) {
      const text = written(state, { workers, tasks, leases, lives })
      if (least === undefined || text < least) least = text
    }
  return least ?? ''
}

/**
 * The order in which workers and tasks are encoded, and the old numbers of leases and incarnations in the order of the
 * new.
 */
interface Names {
  readonly workers: readonly number[]
  readonly tasks: readonly number[]
  readonly leases: readonly (readonly number[])[]
  readonly lives: readonly (readonly number[])[]
}

const TASK_STATES = ['queued', 'retrying', 'running', 'succeeded', 'failed', 'cancelled'] as const
const ENDINGS = ['complete', 'fail', 'quarantine', 'cancel', 'retry', 'release', 'rescue'] as const satisfies Ending[]
const KINDS = ['claim', 'heartbeat', 'settle', 'mark lost', 'stopped'] as const satisfies Message['kind'][]
const ROW_STATES = ['living', 'lost', 'stopped'] as const
const HEARTBEATS = ['fresh', 'excused', 'silent'] as const
const PROCESSES = ['up', 'frozen', 'down'] as const

/** Larger numbers would overlap in a key. */
const MOST = 15

function written(state: State, names: Names): string {
  const codes: number[] = [state.accidentsLeft]
  for (const number of names.tasks) writeTask(codes, state.tasks[number], number, names)
  for (const number of names.workers) writeWorker(codes, state, number, names)
  writeSorted(
    codes,
    state.observed.map(({ of, periods }) => incarnationCode(of, names) * 2 + periods),
  )
  writeSorted(
    codes,
    state.wire.map((message) => messageCode(message, names)),
  )
  return String.fromCharCode(...codes)
}

function writeTask(codes: number[], task: Task | undefined, number: number, names: Names): void {
  if (!task) return
  const { state, attempt, crashes, deaths, isCancelRequested, lease, holder, ends } = task
  codes.push(
    TASK_STATES.indexOf(state) * 2 + Number(isCancelRequested),
    attempt,
    crashes * MOST + deaths,
    lease === null ? 0 : leaseCode(number, lease, names) + 1,
    holder === null ? 0 : incarnationCode(holder, names) + 1,
  )
  const used = names.leases[number] ?? []
  codes.push(used.length)
  for (const each of used) codes.push(endingCode(ends[each] ?? null))
}

function writeWorker(codes: number[], state: State, number: number, names: Names): void {
  const worker = state.workers[number]
  if (!worker) return
  const { process, isStopping, claimUnderWay, rows, attempts } = worker
  const lives = names.lives[number] ?? []
  codes.push(
    PROCESSES.indexOf(process) * 2 + Number(isStopping),
    claimUnderWay === null ? 0 : lives.indexOf(claimUnderWay) + 1,
    lives.length,
  )
  for (const life of lives) codes.push(rowCode(rows[life]))
  writeSorted(
    codes,
    attempts.map((held) => heldCode(held, names)),
  )
}

function rowCode(row: WorkerRow | undefined): number {
  if (!row) return 0
  return ROW_STATES.indexOf(row.state) * 4 + (row.state === 'living' ? HEARTBEATS.indexOf(row.heartbeat) : 0)
}

const incarnationCode = ({ worker, life }: Incarnation, { workers, lives }: Names): number =>
  workers.indexOf(worker) * (MOST + 1) + (lives[worker]?.indexOf(life) ?? 0)

const leaseCode = (task: number, lease: number, { tasks, leases }: Names): number =>
  tasks.indexOf(task) * (MOST + 1) + (leases[task]?.indexOf(lease) ?? 0)

const endingCode = (ending: Ending | null): number => (ending === null ? 0 : ENDINGS.indexOf(ending) + 1)

function heldCode({ task, lease, attempt, crashes, knowsCancel, ending }: Held, names: Names): number {
  let code = leaseCode(task, lease, names)
  code = joined(code, attempt, 4)
  code = joined(code, crashes, 4)
  code = joined(code, Number(knowsCancel), 2)
  return joined(code, endingCode(ending), 8)
}

/** Encodes the kind last, so that no two kinds share a number. */
function messageCode(message: Message, names: Names): number {
  return joined(contentCode(message, names), KINDS.indexOf(message.kind), 8)
}

function contentCode(message: Message, names: Names): number {
  switch (message.kind) {
    case 'settle': {
      const { from, task, lease, ending, instead } = message
      let code = leaseCode(task, lease, names)
      code = joined(code, names.workers.indexOf(from) + 1, 8)
      code = joined(code, endingCode(ending), 8)
      return joined(code, endingCode(instead), 8)
    }
    case 'mark lost':
      return joined(incarnationCode(message.of, names), Number(message.isSame), 2)
    default:
      return incarnationCode(message.by, names)
  }
}

function joined(code: number, value: number, limit: number): number {
  if (value < 0 || value >= limit) throw new RangeError(`The model is too large for its keys: ${value} of ${limit}`)
  return code * limit + value
}

const HALF = 65_536

function writeSorted(codes: number[], numbers: number[]): void {
  codes.push(numbers.length)
  numbers.sort((one, other) => one - other)
  for (const number of numbers) codes.push(Math.floor(number / HALF), number % HALF)
}

function usedLeases({ workers, wire }: State, task: Task, number: number): number[] {
  const used = new Set<number>()
  if (task.lease !== null) used.add(task.lease)
  for (const { attempts } of workers) for (const held of attempts) if (held.task === number) used.add(held.lease)
  for (const message of wire) if (message.kind === 'settle' && message.task === number) used.add(message.lease)
  return ordered(used)
}

function usedLives({ workers, tasks, wire, observed }: State, number: number): number[] {
  const used = new Set<number>()
  const worker = workers[number]
  worker?.rows.forEach((row, life) => {
    if (row.state === 'living' || life === worker.rows.length - 1) used.add(life)
  })
  if (worker && worker.claimUnderWay !== null) used.add(worker.claimUnderWay)
  for (const { holder } of tasks) if (holder?.worker === number) used.add(holder.life)
  for (const { of } of observed) if (of.worker === number) used.add(of.life)
  for (const message of wire) {
    const incarnation = 'by' in message ? message.by : 'of' in message ? message.of : undefined
    if (incarnation?.worker === number) used.add(incarnation.life)
  }
  return ordered(used)
}

function ordered(numbers: ReadonlySet<number>): number[] {
  if (numbers.size > MOST) throw new RangeError(`The model is too large for its keys: ${numbers.size} of ${MOST}`)
  return [...numbers].sort((one, other) => one - other)
}

function taskMark({ state, attempt, crashes, isCancelRequested }: Task, leases: readonly number[] = []): number {
  return (
    TASK_STATES.indexOf(state) + 8 * attempt + 64 * crashes + 512 * Number(isCancelRequested) + 1_024 * leases.length
  )
}

function workerMark({ process, isStopping, attempts, rows }: Worker, lives: readonly number[] = []): number {
  const present = rowCode(rows.at(-1))
  return PROCESSES.indexOf(process) + 4 * Number(isStopping) + 8 * attempts.length + 64 * present + 1_024 * lives.length
}

/** Returns every order in which the marks ascend. */
function ordersBy(marks: readonly number[]): readonly (readonly number[])[] {
  const isInOrder = (item: number, at: number, order: readonly number[]): boolean =>
    at === 0 || (marks[order[at - 1] ?? 0] ?? 0) <= (marks[item] ?? 0)
  return ordersOf(marks.length).filter((order) => order.every(isInOrder))
}

const orders = new Map<number, readonly (readonly number[])[]>()

function ordersOf(count: number): readonly (readonly number[])[] {
  const known = orders.get(count) ?? permutations(Array.from({ length: count }, (_, index) => index))
  orders.set(count, known)
  return known
}

function permutations(items: readonly number[]): number[][] {
  if (items.length < 2) return [[...items]]
  return items.flatMap((item) => permutations(items.filter((each) => each !== item)).map((rest) => [item, ...rest]))
}
