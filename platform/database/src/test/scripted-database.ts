import { TaskFlowError } from '@taskflow/kernel'
import type { Database } from '../database.ts'

/** A statement that was sent and waits for the test to play the server. */
export interface Sent {
  readonly name: string
  answer(rows?: unknown[]): void
  fail(error: Error): void
}

/** A Database of which the test plays the server. */
export interface PlayedDatabase extends Database {
  /** Statements that were sent and not ended yet, in their order. */
  readonly sent: readonly Sent[]
  isClosed: boolean
}

export function playedDatabase(): PlayedDatabase {
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

/** What node-postgres says when nothing came back. */
export const silence = () => away('Query read timeout')
export const refused = () => away('connect ECONNREFUSED 127.0.0.1:5432')
/** What it says when its connections were in use for too long. */
export const fromTheLine = () => away('timeout exceeded when trying to connect')

function away(text: string): TaskFlowError {
  return new TaskFlowError('DATABASE_UNAVAILABLE', 'The database does not answer', { cause: new Error(text) })
}
