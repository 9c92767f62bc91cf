import { addPartitionDay } from './queries/add-partition-day.ts'
import { appendLogs } from './queries/append-logs.ts'
import { buryWorkers } from './queries/bury-workers.ts'
import { cancelTask } from './queries/cancel-task.ts'
import { claimTasks } from './queries/claim-tasks.ts'
import { claimTasksById } from './queries/claim-tasks-by-id.ts'
import { claimTasksOfLines } from './queries/claim-tasks-of-lines.ts'
import { clearOldRows } from './queries/clear-old-rows.ts'
import { countQueuedTasks } from './queries/count-queued-tasks.ts'
import { countQueues } from './queries/count-queues.ts'
import { createApiKey } from './queries/create-api-key.ts'
import { deregisterWorker } from './queries/deregister-worker.ts'
import { dropPartitionDay } from './queries/drop-partition-day.ts'
import { editTask } from './queries/edit-task.ts'
import { electLeader } from './queries/elect-leader.ts'
import { expireTasks } from './queries/expire-tasks.ts'
import { findClaimer } from './queries/find-claimer.ts'
import { findDuties } from './queries/find-duties.ts'
import { findFinishedTasks } from './queries/find-finished-tasks.ts'
import { findIdempotencyKeys } from './queries/find-idempotency-keys.ts'
import { findPrincipal } from './queries/find-principal.ts'
import { findSettledLeases } from './queries/find-settled-leases.ts'
import { finishTasks } from './queries/finish-tasks.ts'
import { getTask } from './queries/get-task.ts'
import { heartbeatWorker } from './queries/heartbeat-worker.ts'
import { listApiKeys } from './queries/list-api-keys.ts'
import { listAttempts } from './queries/list-attempts.ts'
import { listEvents } from './queries/list-events.ts'
import { listHeldLeases } from './queries/list-held-leases.ts'
import { listLogs } from './queries/list-logs.ts'
import { listOrphanedLeases } from './queries/list-orphaned-leases.ts'
import { listQueuedTasks } from './queries/list-queued-tasks.ts'
import { listQueues } from './queries/list-queues.ts'
import { listSilentWorkers } from './queries/list-silent-workers.ts'
import { listTaskTypes } from './queries/list-task-types.ts'
import { listTasks } from './queries/list-tasks.ts'
import { listUnsuccessfulTasks } from './queries/list-unsuccessful-tasks.ts'
import { listWorkers } from './queries/list-workers.ts'
import { lockPartitions } from './queries/lock-partitions.ts'
import { nextDue } from './queries/next-due.ts'
import { ping } from './queries/ping.ts'
import { promoteTasks } from './queries/promote-tasks.ts'
import { recordProgress } from './queries/record-progress.ts'
import { recordSettled } from './queries/record-settled.ts'
import { redriveTask } from './queries/redrive-task.ts'
import { registerTaskTypes } from './queries/register-task-types.ts'
import { registerWorker } from './queries/register-worker.ts'
import { replicaLag } from './queries/replica-lag.ts'
import { requestWorker } from './queries/request-worker.ts'
import { resignLeader } from './queries/resign-leader.ts'
import { returnTasks } from './queries/return-tasks.ts'
import { revokeApiKey } from './queries/revoke-api-key.ts'
import { submitAlikeTasks } from './queries/submit-alike-tasks.ts'
import { submitTasks } from './queries/submit-tasks.ts'
import { submitTasksOnce } from './queries/submit-tasks-once.ts'
import { vacuumTables } from './queries/vacuum-tables.ts'

/** Every statement there is, for the suite that prepares each one on every database. */
export const everyStatement = [
  addPartitionDay,
  appendLogs,
  buryWorkers,
  cancelTask,
  claimTasks,
  claimTasksById,
  claimTasksOfLines,
  clearOldRows,
  countQueuedTasks,
  countQueues,
  createApiKey,
  deregisterWorker,
  dropPartitionDay,
  editTask,
  electLeader,
  expireTasks,
  findClaimer,
  findDuties,
  findFinishedTasks,
  findIdempotencyKeys,
  findPrincipal,
  findSettledLeases,
  finishTasks,
  getTask,
  heartbeatWorker,
  listApiKeys,
  listAttempts,
  listEvents,
  listHeldLeases,
  listLogs,
  listOrphanedLeases,
  listQueuedTasks,
  listQueues,
  listSilentWorkers,
  listTaskTypes,
  listTasks,
  listUnsuccessfulTasks,
  listWorkers,
  lockPartitions,
  nextDue,
  ping,
  promoteTasks,
  recordProgress,
  recordSettled,
  redriveTask,
  registerTaskTypes,
  registerWorker,
  requestWorker,
  resignLeader,
  replicaLag,
  returnTasks,
  revokeApiKey,
  submitAlikeTasks,
  submitTasksOnce,
  submitTasks,
  vacuumTables,
] as const
