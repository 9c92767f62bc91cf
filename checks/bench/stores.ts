import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeFolder } from '@taskflow/testing/remove-folder'
import { checkFolder, checkServer } from './check-store.ts'
import type { Place } from './peer.ts'
import type { BenchPostgres } from './postgres.ts'
import type { Services } from './services.ts'
import type { StoreName } from './store-name.ts'

export const ENGINES = ['PostgreSQL', 'PGlite'] as const

export type Engine = (typeof ENGINES)[number]

/** An empty place for tasks. */
export interface Store {
  /** Settings that lead a TaskFlow process there. */
  readonly env: Readonly<Record<string, string>>
  /** Of the database; undefined with PGlite, which only its own process can ask. */
  readonly url: string | undefined
}

export interface Stores {
  readonly postgres: BenchPostgres
  /** Gives the work a fresh store, and takes it away afterwards. */
  with<Result>(engine: Engine, work: (store: Store) => Promise<Result>): Promise<Result>
  /** The same of several servers at once. */
  withPlace<Result>(stores: readonly StoreName[], work: (place: Place) => Promise<Result>): Promise<Result>
}

export function openStores(postgres: BenchPostgres, services: Services): Stores {
  let count = 0

  async function onServer<Result>(work: (store: Store) => Promise<Result>): Promise<Result> {
    const name = `bench_${process.pid}_${++count}`
    await postgres.run(`create database ${name}`)
    const url = Object.assign(new URL(postgres.url), { pathname: `/${name}` }).href
    try {
      const result = await work({ env: { TASKFLOW_DATABASE_URL: url }, url })
      await checkServer(url)
      return result
    } finally {
      await postgres.run(`drop database ${name} with (force)`)
      // What this round wrote is not to be flushed during the next.
      await postgres.run('checkpoint')
    }
  }

  async function inFolder<Result>(work: (store: Store) => Promise<Result>): Promise<Result> {
    const folder = mkdtempSync(join(tmpdir(), 'taskflow-bench-'))
    const remove = () => removeFolder(folder)
    // For a run that is broken off.
    process.once('exit', remove)
    try {
      const result = await work({ env: { TASKFLOW_DATA_DIR: folder }, url: undefined })
      await checkFolder(folder)
      return result
    } finally {
      process.off('exit', remove)
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
