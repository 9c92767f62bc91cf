import { vacuumAll } from '@taskflow/testing/fill-tables'
import { urlWith } from '@taskflow/testing/url-with'
import { checkServer } from './check-store.ts'
import { startTaskFlow } from './processes.ts'
import { ratesOf } from './rates-of-a-store.ts'
import type { Bench, Scenario } from './scenario.ts'
import type { Store, Stores } from './stores.ts'

/** A database that is filled once and used in each round: copying gigabytes would take longer than the measurement. */
export interface FilledStore {
  with<Result>(work: (store: Store) => Promise<Result>): Promise<Result>
  drop(): Promise<void>
}

/** @param fill inserts rows into a migrated database */
export function filledStore({ postgres }: Stores, name: string, fill: (url: string) => Promise<void>): FilledStore {
  const database = `bench_${process.pid}_${name}`
  const url = urlWith(postgres.url, { database })
  const store: Store = { env: { TASKFLOW_DATABASE_URL: url }, url }
  let filling: Promise<void> | undefined

  async function create(): Promise<void> {
    await postgres.run(`create database ${database}`)
    // A start of the server creates the tables.
    await (await startTaskFlow(store.env, { roles: ['api'], profileDir: undefined })).stop()
    await fill(url)
    await vacuumAll(url)
  }

  return {
    async with(work) {
      filling ??= create()
      await filling
      // Earlier writes are not flushed during the measurement, and no contender writes whole pages that another has
      // written.
      await postgres.run('checkpoint')
      const lentAt = new Date()
      const result = await work(store)
      await checkServer(url, lentAt)
      return result
    },
    async drop() {
      filling = undefined
      await postgres.run(`drop database if exists ${database} with (force)`)
    },
  }
}

/** The same work on two stores that differ in their content, in turn. */
export function filledContest(
  without: string,
  having: string,
  fill: (bench: Bench, url: string) => Promise<void>,
): Required<Pick<Scenario, 'contenders' | 'close'>> {
  let stores: readonly FilledStore[] = []
  return {
    contenders(bench) {
      const bare = filledStore(bench.stores, 'bare', async () => {})
      const filled = filledStore(bench.stores, 'filled', (url) => fill(bench, url))
      stores = [bare, filled]
      return {
        [without]: () => bare.with((store) => ratesOf(bench, store)),
        [having]: () => filled.with((store) => ratesOf(bench, store)),
      }
    },
    async close() {
      for (const store of stores) await store.drop()
    },
  }
}
