import { allMigrations } from '@taskflow/rooms/migrations'
import {
  describeWith,
  type LivingBroker,
  openTestDatabase,
  programFor,
  startBroker,
  type TestDatabase,
} from '@taskflow/testing'
import { script } from '@taskflow/testing/raw-sql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rollingUpgrade } from '../../proof/upgrade/rolling-upgrade.ts'
import { presentVersion, previousVersion, type Version } from '../../proof/upgrade/version.ts'
import { serverEngine } from './brokers.ts'

describeWith(['redis'], 'the previous version and this one, with Redis', () => {
  let older: Version
  let broker: LivingBroker | undefined
  let database: TestDatabase
  beforeAll(async () => {
    older = previousVersion()
    broker = await startBroker('redis', programFor)
    database = await openTestDatabase(serverEngine())
    await script(database.db, 'drop schema public cascade; create schema public')
  })
  afterAll(async () => {
    older?.discard()
    await broker?.stop()
    await database?.drop()
  })

  test('each migration between them suits processes of the previous one', () => {
    const between = allMigrations().filter(({ version }) => version > older.schema)
    expect(between.filter(({ suitsFrom = Number.POSITIVE_INFINITY }) => suitsFrom > older.schema)).toEqual([])
  })

  test('work side by side while the schema goes up and down, are upgraded, and downgraded', {
    timeout: 300_000,
  }, async ({ annotate }) => {
    const outcome = await rollingUpgrade({
      older,
      newer: presentVersion(),
      databaseUrl: database.url as string,
      env: broker?.env ?? {},
      rounds: 1,
      onStep() {},
    })
    expect(outcome.violations).toEqual([])
    expect(outcome.olderByNewer, 'accepted by the older, run by the newer').toBeGreaterThan(0)
    expect(outcome.newerByOlder, 'accepted by the newer, run by the older').toBeGreaterThan(0)
    expect(outcome.released, 'some were released by a planned stop').toBeGreaterThan(0)
    const { longestPauseMs, refusals } = outcome.callers
    await annotate(
      `${outcome.accepted} tasks, ${outcome.attempts} attempts; longest pause of a caller ${Math.round(longestPauseMs)} ms; refusals ${JSON.stringify(refusals)}`,
    )
  })
})
