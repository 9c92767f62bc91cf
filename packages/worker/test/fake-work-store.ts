import type { Heartbeat, Pulse, WorkerIntroduction, WorkerRequest, WorkStore } from '@taskflow/fleet'
import { TaskFlowError } from '@taskflow/kernel'
import type {
  ClaimRequest,
  HeldLease,
  Lease,
  LeaseId,
  NewLogLine,
  Settlement,
  SettlementResult,
  TaskId,
  TaskTypeDefaults,
  Verdict,
  WorkerId,
} from '@taskflow/tasks'
import { PROJECT } from '@taskflow/testing/factories'

type Update = Parameters<WorkStore['recordProgress']>[0][number]

let lastId = 0

export function lease(type: string, payload: unknown = null, overrides: Partial<Lease> = {}): Lease {
  const id = String(++lastId).padStart(12, '0')
  return {
    taskId: `00000000-0000-7000-8000-${id}` as TaskId,
    leaseId: `00000000-0000-7000-9000-${id}` as LeaseId,
    project: PROJECT,
    type,
    queue: 'default',
    payload: JSON.stringify(payload),
    attempt: 1,
    maxAttempts: 5,
    crashCount: 0,
    retry: null,
    timeouts: null,
    closeInMs: null,
    labels: {},
    options: null,
    createdAt: new Date('2026-01-02T03:04:05Z'),
    waitedMs: 1,
    ...overrides,
  }
}

/** A WorkStore in memory: lets the worker claim the tasks that a test queues, and keeps what the worker writes. */
export class FakeWorkStore implements WorkStore {
  readonly queued: Lease[] = []
  readonly registered: { worker: WorkerIntroduction; types: readonly TaskTypeDefaults[] }[] = []
  readonly deregistered: WorkerId[] = []
  readonly pulses: Pulse[] = []
  readonly settlements: Settlement[] = []
  readonly lines: NewLogLine[] = []
  readonly progress: Update[] = []
  readonly cancelled: TaskId[] = []
  readonly lost = new Set<WorkerId>()
  readonly claims: ClaimRequest[] = []
  /** The request that stands for every worker of the test. */
  request: WorkerRequest | null = null
  /** The leases that are claimed and not settled. */
  readonly held = new Map<LeaseId, HeldLease & { readonly workerId: WorkerId }>()
  /** While set, claims commit and their answers are lost. */
  losesClaims = false
  /** While set, every call fails with this error. */
  failure: Error | undefined
  refuseSettlement: ((settlement: Settlement) => Error | undefined) | undefined
  settlementResult: SettlementResult = 'settled'

  beUnavailable(): void {
    this.failure = new TaskFlowError('DATABASE_UNAVAILABLE', 'The database is unavailable')
  }

  beAvailable(): void {
    this.failure = undefined
  }

  verdictOf(taskId: TaskId): Verdict | undefined {
    return this.settlements.find((settlement) => settlement.taskId === taskId)?.verdict
  }

  async registerWorker(worker: WorkerIntroduction, types: readonly TaskTypeDefaults[]): Promise<void> {
    this.#failIfUnavailable()
    this.registered.push({ worker, types })
  }

  async heartbeatWorker(id: WorkerId, pulse: Pulse): Promise<Heartbeat> {
    this.#failIfUnavailable()
    if (this.lost.has(id)) return { isAlive: false }
    this.pulses.push(pulse)
    return { isAlive: true, cancelled: [...this.cancelled], request: this.request }
  }

  async deregisterWorker(id: WorkerId): Promise<void> {
    this.#failIfUnavailable()
    this.deregistered.push(id)
  }

  async claimTasks(request: ClaimRequest): Promise<Lease[]> {
    this.#failIfUnavailable()
    this.claims.push(request)
    if (this.lost.has(request.workerId) || this.request !== null) return []
    const { workerId, max, ids, types } = request
    const isClaimable = ({ taskId, type }: Lease): boolean => types.includes(type) && (ids?.includes(taskId) ?? true)
    const leases = this.queued.filter(isClaimable).slice(0, max)
    for (const each of leases) this.queued.splice(this.queued.indexOf(each), 1)
    for (const { taskId, leaseId } of leases) this.held.set(leaseId, { taskId, leaseId, workerId })
    if (this.losesClaims) throw new TaskFlowError('DATABASE_UNAVAILABLE', 'The connection was lost')
    return leases
  }

  async listHeldLeases(id: WorkerId): Promise<HeldLease[]> {
    this.#failIfUnavailable()
    return [...this.held.values()].filter(({ workerId }) => workerId === id)
  }

  async settleTasks(settlements: readonly Settlement[]): Promise<readonly SettlementResult[]> {
    this.#failIfUnavailable()
    const refusal = settlements.map((settlement) => this.refuseSettlement?.(settlement)).find((error) => error)
    if (refusal) throw refusal
    this.settlements.push(...settlements)
    for (const { leaseId } of settlements) this.held.delete(leaseId)
    return settlements.map(() => this.settlementResult)
  }

  async findLastLog(taskIds: readonly TaskId[]): Promise<string | undefined> {
    this.#failIfUnavailable()
    const ids = this.lines.filter(({ taskId }) => taskIds.includes(taskId)).map(({ id }) => id)
    return ids.sort().at(-1)
  }

  async appendLogs(lines: readonly NewLogLine[]): Promise<void> {
    this.#failIfUnavailable()
    this.lines.push(...lines)
  }

  async recordProgress(updates: readonly Update[]): Promise<void> {
    this.#failIfUnavailable()
    this.progress.push(...updates)
  }

  #failIfUnavailable(): void {
    if (this.failure) throw this.failure
  }
}
