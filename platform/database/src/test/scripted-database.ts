import { TaskFlowError } from '@taskflow/kernel'
import type { Database } from '../database.ts'

/** A statement that was sent and whose outcome the test decides. */
export interface Sent {
  readonly name: string
  answer(rows?: unknown[]): void
  fail(error: Error): void
}

/** A Database whose replies the test decides. */
export interface ScriptedDatabase extends Database {
  /** Statements in flight, in the order of sending. */
  readonly sent: readonly Sent[]
  isClosed: boolean
}

export function scriptedDatabase(): ScriptedDatabase {
  const sent = new Set<Sent>()

  function send<Result>(name: string): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    const statement: Sent = {
      name,
      answer(rows = []) {
        sent.delete(statement)
        resolve(rows as Result)
      },
      fail(error) {
        sent.delete(statement)
        reject(error)
      },
    }
    sent.add(statement)
    return promise
  }

  return {
    engine: 'postgres',
    get sent() {
      return [...sent]
    },
    isClosed: false,
    run: ({ name }) => send(name),
    transaction: () => send('transaction'),
    listen: () => send('listen'),
    async close() {
      this.isClosed = true
    },
  }
}

/** Makes the error of node-postgres for a statement without a reply. */
export const replyTimeout = () => unavailable('Query read timeout')
export const refused = () => unavailable('connect ECONNREFUSED 127.0.0.1:5432')
/** Makes the error of node-postgres for a pool whose connections were all in use for too long. */
export const poolExhausted = () => unavailable('timeout exceeded when trying to connect')

function unavailable(text: string): TaskFlowError {
  return new TaskFlowError('DATABASE_UNAVAILABLE', 'The database does not answer', { cause: new Error(text) })
}
