import { vacuumAll } from '@taskflow/testing/fill-tables'
import { checkServer } from './check-store.ts'
import { startTaskFlow } from './processes.ts'
import { ratesOf } from './rates-of-a-store.ts'
import type { Bench, Scenario } from './scenario.ts'
import type { Store, Stores } from './stores.ts'

/** A database that is filled once and lent in each round: copying gigabytes anew would take longer than what is measured. */
export interface FilledStore {
  with<Result>(work: (store: Store) => Promise<Result>): Promise<Result>
  drop(): Promise<void>
}

/** @param fill puts rows into the tables of a database that is migrated */
export function filledStore({ postgres }: Stores, name: string, fill: (url: string) => Promise<void>): FilledStore {
  const database = `bench_${process.pid}_${name}`
  const url = Object.assign(new URL(postgres.url), { pathname: `/${database}` }).href
  const store: Store = { env: { TASKFLOW_DATABASE_URL: url }, url }
  let filling: Promise<void> | undefined

  async function create(): Promise<void> {
    await postgres.run(`create database ${database}`)
    // A start makes the tables.
    await (await startTaskFlow(store.env, { roles: ['api'], profileDir: undefined })).stop()
    await fill(url)
    await vacuumAll(url)
  }

  return {
    async with(work) {
      filling ??= create()
      await filling
      // What was written before is not to be flushed, nor a page written whole that another contender has already.
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

/** The same work on two stores that differ by what is in them, turn and turn about. */
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
