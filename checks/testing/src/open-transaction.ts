import type { Database, Transaction } from '@taskflow/database'
import { statement } from '@taskflow/database'
import pg from 'pg'

/** A transaction that a test has open, on a connection as an application would have it. */
export interface OpenTransaction {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[] }>
  commit(): Promise<void>
  rollback(): Promise<void>
}

export function openTransaction({ db, url }: { db: Database; url: string | undefined }): Promise<OpenTransaction> {
  return url === undefined ? onPGlite(db) : onPostgres(url)
}

async function onPostgres(url: string): Promise<OpenTransaction> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query('begin')
  async function end(how: 'commit' | 'rollback'): Promise<void> {
    await client.query(how)
    await client.end()
  }
  return {
    query: (text, values) => client.query(text, values),
    commit: () => end('commit'),
    rollback: () => end('rollback'),
  }
}

/** Its one connection is the transaction's until that ends. */
async function onPGlite(db: Database): Promise<OpenTransaction> {
  const begun = Promise.withResolvers<Transaction>()
  const ended = Promise.withResolvers<void>()
  const outcome = db.transaction(async (tx) => {
    begun.resolve(tx)
    await ended.promise
  })
  const tx = await begun.promise
  return {
    async query(text, values) {
      return { rows: await tx.run(statement({ name: 'testing', columns: [], text }), values) }
    },
    async commit() {
      ended.resolve()
      await outcome
    },
    async rollback() {
      ended.reject(new Error('rolled back'))
      await outcome.catch(() => {})
    },
  }
}
