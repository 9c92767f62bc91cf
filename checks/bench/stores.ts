import type { DurablePostgres } from '@taskflow/testing/measuring/durable-postgres'
import { tempFolder } from '@taskflow/testing/temp-folder'
import { urlWith } from '@taskflow/testing/url-with'
import { checkFolder, checkServer } from './check-store.ts'
import type { Place } from './peer.ts'
import type { Services } from './services.ts'
import type { StoreName } from './store-name.ts'

export const ENGINES = ['PostgreSQL', 'PGlite'] as const

export type Engine = (typeof ENGINES)[number]

/** An empty place for tasks. */
export interface Store {
  /** Settings that lead a TaskFlow process there. */
  readonly env: Readonly<Record<string, string>>
  /** The address of the database; undefined with PGlite, which only its own process can query. */
  readonly url: string | undefined
}

export interface Stores {
  readonly postgres: DurablePostgres
  /** Gives the work a new store, and removes it afterwards. */
  with<Result>(engine: Engine, work: (store: Store) => Promise<Result>): Promise<Result>
  /** The same with several servers at once. */
  withPlace<Result>(stores: readonly StoreName[], work: (place: Place) => Promise<Result>): Promise<Result>
}

export function openStores(postgres: DurablePostgres, services: Services): Stores {
  let count = 0

  async function onServer<Result>(work: (store: Store) => Promise<Result>): Promise<Result> {
    const name = `bench_${process.pid}_${++count}`
    await postgres.run(`create database ${name}`)
    const url = urlWith(postgres.url, { database: name })
    try {
      const result = await work({ env: { TASKFLOW_DATABASE_URL: url }, url })
      await checkServer(url)
      return result
    } finally {
      await postgres.run(`drop database ${name} with (force)`)
      // Writes of this round are not flushed during the next.
      await postgres.run('checkpoint')
    }
  }

  async function inFolder<Result>(work: (store: Store) => Promise<Result>): Promise<Result> {
    const { path, remove } = tempFolder('bench')
    try {
      const result = await work({ env: { TASKFLOW_DATA_DIR: path }, url: undefined })
      await checkFolder(path)
      return result
    } finally {
      remove()
    }
  }

  async function withPlace<Result>(stores: readonly StoreName[], work: (place: Place) => Promise<Result>) {
    const redisUrl = stores.includes('redis') ? await services.redis() : ''
    const rabbitmq = stores.includes('rabbitmq') ? await services.rabbitmq() : undefined
    const there = { redisUrl, amqpUrl: rabbitmq?.url ?? '' }
    try {
      if (!stores.includes('postgresql')) return await work({ ...there, postgresUrl: '' })
      return await onServer(({ url = '' }) => work({ ...there, postgresUrl: url }))
    } finally {
      await rabbitmq?.stop()
    }
  }

  return { postgres, with: (engine, work) => (engine === 'PGlite' ? inFolder(work) : onServer(work)), withPlace }
}
