import type { Ending, Held, Incarnation, Message, State, Task, Worker, WorkerRow } from './lease-state.ts'

/**
 * Two states are the same to the checker when they differ only in what nobody can tell: which of the like workers and tasks has
 * which name, how many leases and lives there were that nobody speaks of any more, and in which order messages were sent.
 *
 * A key is a text of numbers. The leases of each task and the lives of each worker are numbered anew, in their order, by those still
 * spoken of; then the state is written down under each order of workers and tasks, and the least of these texts counts. Most
 * of the orders need not be tried: a mark that does not depend on names puts all in their places but those that look alike.
 */
export function keyOf(state: State): string {
  const leases = state.tasks.map((task, number) => spokenLeases(state, task, number))
  const lives = state.workers.map((_, number) => spokenLives(state, number))
  let least: string | undefined
  const taskOrders = ordersBy(state.tasks.map((task, number) => taskMark(task, leases[number])))
  for (const workers of ordersBy(state.workers.map((worker, number) => workerMark(worker, lives[number]))))
    for (const tasks of taskOrders) {
      const text = written(state, { workers, tasks, leases, lives })
      if (least === undefined || text < least) least = text
    }
  return least ?? ''
}

/** How a state is written down: who comes at which place, and the old numbers in the order of the new. */
interface Names {
  readonly workers: readonly number[]
  readonly tasks: readonly number[]
  readonly leases: readonly (readonly number[])[]
  readonly lives: readonly (readonly number[])[]
}

const TASK_STATES = ['queued', 'retrying', 'running', 'succeeded', 'failed', 'cancelled'] as const
const ENDINGS = ['complete', 'fail', 'quarantine', 'cancel', 'retry', 'release', 'rescue'] as const satisfies Ending[]
const KINDS = ['claim', 'beat', 'settle', 'bury', 'goodbye'] as const satisfies Message['kind'][]
const ROW_STATES = ['living', 'lost', 'stopped'] as const
const HEARD = ['fresh', 'excused', 'silent'] as const
const PROCESSES = ['up', 'frozen', 'down'] as const

/** Numbers beyond this would run into each other in a key. */
const MOST = 15

function written(state: State, names: Names): string {
  const codes: number[] = [state.accidentsLeft]
  for (const number of names.tasks) writeTask(codes, state.tasks[number], number, names)
  for (const number of names.workers) writeWorker(codes, state, number, names)
  writeSorted(
    codes,
    state.watched.map(({ of, periods }) => incarnationCode(of, names) * 2 + periods),
  )
  writeSorted(
    codes,
    state.wire.map((message) => messageCode(message, names)),
  )
  return String.fromCharCode(...codes)
}

function writeTask(codes: number[], task: Task | undefined, number: number, names: Names): void {
  if (!task) return
  const { state, attempt, crashes, deaths, isCancelAsked, lease, holder, ends } = task
  codes.push(
    TASK_STATES.indexOf(state) * 2 + Number(isCancelAsked),
    attempt,
    crashes * MOST + deaths,
    lease === null ? 0 : leaseCode(number, lease, names) + 1,
    holder === null ? 0 : incarnationCode(holder, names) + 1,
  )
  const spoken = names.leases[number] ?? []
  codes.push(spoken.length)
  for (const each of spoken) codes.push(endingCode(ends[each] ?? null))
}

function writeWorker(codes: number[], state: State, number: number, names: Names): void {
  const worker = state.workers[number]
  if (!worker) return
  const { process, isStopping, claimUnderWay, rows, hand } = worker
  const lives = names.lives[number] ?? []
  codes.push(
    PROCESSES.indexOf(process) * 2 + Number(isStopping),
    claimUnderWay === null ? 0 : lives.indexOf(claimUnderWay) + 1,
    lives.length,
  )
  for (const life of lives) codes.push(rowCode(rows[life]))
  writeSorted(
    codes,
    hand.map((held) => heldCode(held, names)),
  )
}

function rowCode(row: WorkerRow | undefined): number {
  if (!row) return 0
  return ROW_STATES.indexOf(row.state) * 4 + (row.state === 'living' ? HEARD.indexOf(row.heard) : 0)
}

const incarnationCode = ({ worker, life }: Incarnation, { workers, lives }: Names): number =>
  workers.indexOf(worker) * (MOST + 1) + (lives[worker]?.indexOf(life) ?? 0)

const leaseCode = (task: number, lease: number, { tasks, leases }: Names): number =>
  tasks.indexOf(task) * (MOST + 1) + (leases[task]?.indexOf(lease) ?? 0)

const endingCode = (ending: Ending | null): number => (ending === null ? 0 : ENDINGS.indexOf(ending) + 1)

function heldCode({ task, lease, attempt, crashes, isTold, ending }: Held, names: Names): number {
  let code = leaseCode(task, lease, names)
  code = joined(code, attempt, 4)
  code = joined(code, crashes, 4)
  code = joined(code, Number(isTold), 2)
  return joined(code, endingCode(ending), 8)
}

/** What kind it is comes last, so that no two kinds share a number. */
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
    case 'bury':
      return joined(incarnationCode(message.of, names), Number(message.isSame), 2)
    default:
      return incarnationCode(message.by, names)
  }
}

function joined(code: number, value: number, limit: number): number {
  if (value < 0 || value >= limit) throw new RangeError(`The model has grown beyond its keys: ${value} of ${limit}`)
  return code * limit + value
}

const HALF = 65_536

function writeSorted(codes: number[], numbers: number[]): void {
  codes.push(numbers.length)
  numbers.sort((one, other) => one - other)
  for (const number of numbers) codes.push(Math.floor(number / HALF), number % HALF)
}

function spokenLeases({ workers, wire }: State, task: Task, number: number): number[] {
  const spoken = new Set<number>()
  if (task.lease !== null) spoken.add(task.lease)
  for (const { hand } of workers) for (const held of hand) if (held.task === number) spoken.add(held.lease)
  for (const message of wire) if (message.kind === 'settle' && message.task === number) spoken.add(message.lease)
  return ordered(spoken)
}

function spokenLives({ workers, tasks, wire, watched }: State, number: number): number[] {
  const spoken = new Set<number>()
  const worker = workers[number]
  worker?.rows.forEach((row, life) => {
    if (row.state === 'living' || life === worker.rows.length - 1) spoken.add(life)
  })
  if (worker && worker.claimUnderWay !== null) spoken.add(worker.claimUnderWay)
  for (const { holder } of tasks) if (holder?.worker === number) spoken.add(holder.life)
  for (const { of } of watched) if (of.worker === number) spoken.add(of.life)
  for (const message of wire) {
    const incarnation = 'by' in message ? message.by : 'of' in message ? message.of : undefined
    if (incarnation?.worker === number) spoken.add(incarnation.life)
  }
  return ordered(spoken)
}

function ordered(numbers: ReadonlySet<number>): number[] {
  if (numbers.size > MOST) throw new RangeError(`The model has grown beyond its keys: ${numbers.size} of ${MOST}`)
  return [...numbers].sort((one, other) => one - other)
}

function taskMark({ state, attempt, crashes, isCancelAsked }: Task, leases: readonly number[] = []): number {
  return TASK_STATES.indexOf(state) + 8 * attempt + 64 * crashes + 512 * Number(isCancelAsked) + 1_024 * leases.length
}

function workerMark({ process, isStopping, hand, rows }: Worker, lives: readonly number[] = []): number {
  const present = rowCode(rows.at(-1))
  return PROCESSES.indexOf(process) + 4 * Number(isStopping) + 8 * hand.length + 64 * present + 1_024 * lives.length
}

/** Every order in which no mark comes before a smaller one. */
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
