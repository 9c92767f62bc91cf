import { machineBinaries } from '@taskflow/testing/postgres-binaries'
import { DURABLE_SETTINGS, type PostgresServer, startPostgres } from '@taskflow/testing/postgres-server'
import { serverUser } from '@taskflow/testing/server-user'

/** Counts planning too, so that the cost of a statement that is planned on each call includes its plans. */
const COUNTING = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track_planning': 'on',
  'pg_stat_statements.track_utility': 'on',
  track_io_timing: 'on',
}

/** A durable server of this machine's own programs, which counts its statements. */
export async function startCountingPostgres(): Promise<PostgresServer> {
  const user = serverUser()
  const binaries = machineBinaries(user)
  if (!binaries)
    throw new Error(
      'Profiles need a PostgreSQL with pg_stat_statements on this machine: install it (Debian: postgresql)',
    )
  return startPostgres(binaries, user, { ...DURABLE_SETTINGS, ...COUNTING })
}
