export { brokerConformance } from './broker-conformance.ts'
export {
  emptyDatabase,
  type GivenStorage,
  moveTime,
  openTestDatabase,
  stopTime,
  type TestDatabase,
  useStorage,
} from './databases.ts'
export { type Engine, engines } from './engines.ts'
export { claimBy, newLogLine, newTask, newTaskType, newWorker, PROJECT, pulse, submissionOf } from './factories.ts'
export { freePort } from './free-port.ts'
export { type HalfOpenProxy, halfOpenProxy } from './half-open-proxy.ts'
export { type HandClock, handClock, settled } from './hand-clock.ts'
export { newTaskId, newWorkerId, strangeLeaseId } from './ids.ts'
export { insist } from './insist.ts'
export { checkInvariants } from './invariants.ts'
export { type BrokerName, type LivingBroker, startBroker } from './living-broker.ts'
export type { Ended, Processes, RunningProcess } from './open-processes.ts'
export { type OpenTransaction, openTransaction } from './open-transaction.ts'
export { type PgbouncerServer, startPgbouncer } from './pgbouncer-server.ts'
export { machineBinaries } from './postgres-binaries.ts'
export { DURABLE_SETTINGS, type PostgresServer, startPostgres } from './postgres-server.ts'
export { type ProcessDatabase, useProcessDatabase } from './process-database.ts'
export { useProcesses } from './processes.ts'
export { type RabbitmqServer, startRabbitmq } from './rabbitmq-server.ts'
export { type RedisCluster, type RedisServer, startRedis, startRedisCluster } from './redis-server.ts'
export { serverUser } from './server-user.ts'
export { describeWith, programFor } from './services.ts'
export { ADMIN_TOKEN, type Env, launchTaskFlow, type Server, startTaskFlow } from './start-taskflow.ts'
export { systemClock } from './system-clock.ts'
export { eventually, nextEvents, within } from './wait.ts'
