import { type MigrationStatus, migrator } from '@taskflow/database'
import { systemClock } from '@taskflow/kernel'
import { allMigrations } from '@taskflow/rooms/migrations'
import { compose, openDatabase } from './compose.ts'
import type { Settings } from './config.ts'
import { openDataDir } from './data-dir.ts'
import { type Flags, loadSettings } from './load-settings.ts'
import { memoryTrimmer } from './memory-trimmer.ts'
import { createLog } from './telemetry/log.ts'
import { v8Heap } from './v8-heap.ts'
import { welcome } from './welcome.ts'

/**
 * Runs a TaskFlow process until it is told to stop by SIGTERM or SIGINT; a second
 * signal stops it at once. Resolves with the exit code.
 */
export async function runServer(flags: Flags): Promise<number> {
  const settings = await loadSettings({ flags, env: process.env, cwd: process.cwd() })
  const log = createLog(settings)
  const taskflow = await compose(settings, log)
  const onError = (err: unknown): void => log.debug({ err }, 'Could not return unused memory to the operating system')
  const memory = memoryTrimmer({ clock: systemClock, heap: v8Heap(), onError })
  const stopped = untilSignal()
  try {
    await taskflow.start()
    await memory.start()
    process.stdout.write(welcome(taskflow, settings, await taskflow.listTypes()))
    const signal = await stopped
    const { drainMs } = settings
    log.info({ signal, drainMs }, 'Stopping: running tasks may finish within drainMs, the rest is handed back')
  } finally {
    await memory.stop()
    await taskflow.stop()
  }
  log.info('Stopped')
  return 0
}

function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        resolve(signal)
        // Whoever asks twice does not want to wait; what is unfinished will be rescued.
        process.once(signal, () => process.exit(130))
      })
    }
  })
}

export type MigrateDirection = 'up' | 'down' | 'status'

/** Migrates the database that the settings name. For `down`, `toVersion` is the last migration to keep. */
export async function runMigrate(
  direction: MigrateDirection,
  flags: Flags,
  toVersion = 0,
): Promise<{ changed: readonly string[]; status: readonly MigrationStatus[] }> {
  const settings: Settings = await loadSettings({ flags, env: process.env, cwd: process.cwd() })
  const dataDir = settings.databaseUrl === undefined ? openDataDir(settings.dataDir) : undefined
  const db = await openDatabase(settings, dataDir, createLog(settings))
  try {
    const migrations = migrator(db, allMigrations())
    const changed =
      direction === 'status' ? [] : direction === 'up' ? await migrations.up() : await migrations.down(toVersion)
    return { changed, status: await migrations.status() }
  } finally {
    await db.close()
    dataDir?.release()
  }
}
