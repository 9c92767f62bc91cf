import type { TaskId } from '@taskflow/tasks'
import { checkInvariants } from '@taskflow/testing/invariants'
import { checkPromises, type Violation } from '@taskflow/testing/promises'
import type { Witness } from '@taskflow/testing/witness'
import { brokenPorts } from './broken-ports.ts'
import type { Acknowledged } from './broker-server.ts'
import type { Done } from './database-link.ts'
import type { DatabaseServer } from './database-server.ts'
import type { Host } from './host.ts'
import type { SimulatedProcess } from './process.ts'
import type { Story } from './story.ts'
import type { World } from './world.ts'

interface Deps {
  readonly world: World
  readonly server: DatabaseServer
  readonly story: Story
}

/** The expectations of the checks at this moment. */
export interface Expectation {
  /** The time since the last effects of harm; negative while a harm may still have effects. */
  readonly calmMs: number
  /** The number of slots of all workers that have been up for a while. */
  readonly slots: number
  /** Whether a broker holds the subqueues: a task that the broker lost is dispatched later. */
  readonly hasBroker: boolean
}

/** Observes a run from outside, and reports violations. */
export interface Watch {
  readonly witnesses: readonly Witness[]
  readonly violations: readonly Violation[]
  startsOf(taskId: string): number
  witness(seen: Witness): void
  violate(promise: string, sentence: string): void
  onBorn(process: SimulatedProcess): void
  onDone(done: Done): void
  onAcknowledged(acknowledged: Acknowledged): void
  checkLeaders(processes: readonly SimulatedProcess[]): void
  /** Checks the state of the database; resolves with true when every task has finished. */
  check(expectation: Expectation): Promise<boolean>
  /** Checks the promises at the end of the run. */
  conclude(isOver: boolean): Promise<void>
}

const CLAIMS = new Set(['claim_tasks', 'claim_tasks_by_id', 'claim_tasks_of_subqueues'])
const ENDS = new Set(['finish_tasks', 'requeue_tasks'])
/** Statements that run about every second, or after each other statement. */
const ROUTINE = new Set([
  'add_partition_day',
  'count_queued_tasks',
  'count_queues',
  'drop_partition_day',
  'elect_leader',
  'find_duties',
  'heartbeat_worker',
  'next_due',
  'ping',
  'record_settled',
  'register_task_types',
])
// A poll each second, and one or two slow statements.
const SERVED_WITHIN_MS = 2_500
// No plan has that many attempts, crashes, stops and redrives of one task.
const MAX_STARTS = 40
// Ten seconds of silence, ten in which a standby takes over and rescues the task, and the time between two checks.
const RESCUED_WITHIN_MS = 21_000
const MAX_SUMMARY = 100

export function newWatch({ world, server, story }: Deps): Watch {
  const witnesses: Witness[] = []
  const violations: Violation[] = []
  const starts = new Map<string, number>()
  /** The tasks that the claims of each process named. */
  const named = new Map<Host, Set<string>>()
  /** When a worker last took or ended a task. A slot may have become free at that moment. */
  let lastMovedMs = 0

  function violate(promise: string, sentence: string): void {
    story.write('checker', `${promise} is broken: ${sentence}`)
    violations.push({ promise, sentence })
  }

  function witness(seen: Witness): void {
    witnesses.push(seen)
    if (seen.kind !== 'started') return
    const count = (starts.get(seen.taskId) ?? 0) + 1
    starts.set(seen.taskId, count)
    if (count === MAX_STARTS) violate('P11', `task ${seen.taskId} has started ${MAX_STARTS} times`)
  }

  function namedBy(host: Host): Set<string> {
    const known = named.get(host) ?? new Set()
    named.set(host, known)
    return known
  }

  function onClaim({ host, name, params, rows }: Done): void {
    const workerId = params[0] as string
    for (const { id, lease_id } of rows as { id: string; lease_id: string }[]) {
      witness({ kind: 'claimed', atMs: world.nowMs, taskId: id, leaseId: lease_id, workerId })
    }
    if (name === 'claim_tasks_by_id') for (const id of params[1] as string[]) namedBy(host).add(id)
  }

  return {
    witnesses,
    violations,
    startsOf: (taskId) => starts.get(taskId) ?? 0,
    witness,
    violate,
    onBorn({ events, host }) {
      const holder = `${host.name} started at ${Math.round(world.nowMs)}`
      events.on('lease.lost', ({ taskId, leaseId }) => witness({ kind: 'refused', atMs: world.nowMs, taskId, leaseId }))
      events.on('leader.elected', ({ term }) => witness({ kind: 'elected', atMs: world.nowMs, holder, term }))
    },
    onDone(done) {
      const { host, name, params, rows } = done
      const atMs = world.nowMs
      const what = `${name}${rows.length === 0 ? '' : ` → ${summaryOf(done)}`}`
      if (ROUTINE.has(name) || rows.length === 0) story.writeRoutine(host.name, what)
      else story.write(host.name, what)
      if (CLAIMS.has(name)) onClaim(done)
      if (rows.length > 0 && (CLAIMS.has(name) || ENDS.has(name))) lastMovedMs = atMs
      if (name === 'heartbeat_worker' && rows.length > 0)
        witness({ kind: 'heartbeat', atMs, workerId: params[0] as string })
      if (name === 'mark_workers_lost')
        for (const { id } of rows) witness({ kind: 'lost', atMs, workerId: id as string })
    },
    onAcknowledged({ host, ids }) {
      const early = ids.filter((id: TaskId) => !namedBy(host).has(id))
      if (early.length > 0)
        violate('Law 1', `${host.name} acknowledged ${early.join(', ')} before any claim of it was committed`)
    },
    checkLeaders(processes) {
      const leaders = processes.filter(({ elector }) => elector.isLeading)
      if (leaders.length < 2) return
      violate('P6', `${leaders.map(({ host }) => host.name).join(' and ')} lead at the same time`)
    },
    async check({ calmMs, slots, hasBroker }) {
      const [row] = (await server.run(TASK_STATE, [], world.nowMs)) as unknown as [TaskState]
      const { unfinished, running, waiting_ms, silent_ms, notices } = row
      const hasRoom = Number(running) < slots
      const idleMs = world.nowMs - lastMovedMs
      if (!hasBroker && hasRoom && waiting_ms !== null && Math.min(waiting_ms, calmMs, idleMs) > SERVED_WITHIN_MS)
        violate('P2', `a task has waited for ${Math.round(waiting_ms)} ms while a worker is free`)
      if (silent_ms !== null && Math.min(silent_ms, calmMs) > RESCUED_WITHIN_MS)
        violate('P4', `a worker without a heartbeat for ${Math.round(silent_ms)} ms still holds a task`)
      return Number(unfinished) === 0 && Number(notices) === 0
    },
    async conclude(isOver) {
      await server.setTime(world.nowMs)
      for (const { promise, sentence } of await checkPromises({ db: server.inside, witnesses, isOver }))
        violate(promise, sentence)
      for (const sentence of await checkInvariants(server.inside)) violate('invariant', sentence)
      for (const sentence of await brokenPorts(server.inside, isOver)) violate('ports', sentence)
    },
  }
}

interface TaskState {
  unfinished: number
  running: number
  /** The longest time that a queued task has waited. */
  waiting_ms: number | null
  /** The age of the oldest heartbeat of a worker with a running task. */
  silent_ms: number | null
  /** The number of ends that the test room has not consumed. */
  notices: number
}

const TASK_STATE = {
  name: 'simulation_look',
  columns: ['unfinished', 'running', 'waiting_ms', 'silent_ms', 'notices'],
  text: `
    select count(*) as unfinished,
           count(*) filter (where task.state = 'running') as running,
           (extract(epoch from clock_now() - min(queued_at) filter (where task.state = 'queued' and waiting_gate is null)) * 1000)::float8 as waiting_ms,
           (extract(epoch from clock_now() - min(heartbeat_at) filter (where task.state = 'running')) * 1000)::float8 as silent_ms,
           (select count(*) from task_notice) as notices
    from task left join worker on worker.id = task.worker_id`,
} as const

function summaryOf({ name, params, rows }: Done): string {
  const tail = (id: string): string => `…${id.slice(-6)}`
  if (name === 'finish_tasks') {
    // The ids of settlements are passed as one text.
    const ids = String(params[0]).slice(1, -1).split(',').map(tail).join(', ')
    const refused = rows[0]?.refused as string[] | null
    return refused === null ? ids : `${ids}, refused ${refused.map(tail).join(', ')}`
  }
  const ids = rows.map(({ id }) => id).filter((id) => typeof id === 'string')
  if (ids.length > 0) return ids.map(tail).join(', ')
  const row = JSON.stringify(rows[0])
  return row.length > MAX_SUMMARY ? `${row.slice(0, MAX_SUMMARY)} …` : row
}
