import { AsyncLocalStorage } from 'node:async_hooks'
import { flushCompileCache } from 'node:module'
import type { AttemptOutcome } from '@taskflow/tasks'
import { unpackOrders } from '../packed.ts'
import type { FromRunner, Order, ToRunner } from '../protocol.ts'
import { type Attempt, openAttempt } from './attempt.ts'
import { attemptErrorOf } from './attempt-error.ts'
import { introduce } from './introduce.ts'
import { type Definitions, loadTasks } from './load-tasks.ts'
import { outbox } from './outbox.ts'
import { outcomeOfThrown, runHandler } from './run-handler.ts'

/**
 * Runs handlers as the agent orders, many at once, and tells what became of them.
 *
 * Everything a handler starts carries its key along (AsyncLocalStorage), so that
 * an error thrown outside the handler's promise ends the attempt that caused it
 * and no other.
 */
export interface Runner {
  receive(message: ToRunner): void
  /** An uncaught error. False when it belongs to no attempt, and the runner cannot be trusted any more. */
  takeStray(error: unknown): boolean
  /** Sends what still waits. */
  flush(): void
}

export function runner(send: (message: FromRunner) => void): Runner {
  const out = outbox(send)
  const owner = new AsyncLocalStorage<number>()
  const attempts = new Map<number, Attempt>()
  let definitions: Definitions = new Map()

  async function load(folder: string): Promise<void> {
    try {
      definitions = await loadTasks(folder)
      send({ kind: 'ready', types: [...definitions.values()].map(introduce) })
      // Runners are killed more often than they exit, and what they compiled would go with them.
      flushCompileCache()
    } catch (error) {
      send({ kind: 'refused', message: attemptErrorOf(error).message })
    }
  }

  function run(order: Order): void {
    const { key, type, payload } = order
    const attempt = openAttempt(order, out)
    attempts.set(key, attempt)
    const definition = definitions.get(type)
    if (!definition) throw new TypeError(`No module that this runner loaded defines ${type}`)
    const outcome = owner.run(key, runHandler, definition, payload, attempt.context)
    if (outcome instanceof Promise) void outcome.then((late) => end(key, late))
    else end(key, outcome)
  }

  /** The first end counts; a handler that ends after a stray error ended its attempt is not heard. */
  function end(key: number, outcome: AttemptOutcome, isAdrift = false): void {
    const attempt = attempts.get(key)
    if (!attempt) return
    attempts.delete(key)
    attempt.close()
    if (outcome.kind === 'succeeded' && !isAdrift) out.succeeded(key, outcome.result)
    else out.ended({ key, outcome, isAdrift })
  }

  return {
    receive(message) {
      switch (message.kind) {
        case 'load':
          void load(message.folder)
          break
        case 'run':
          for (const order of unpackOrders(message.orders)) run(order)
          break
        case 'abort':
          for (const key of message.keys) attempts.get(key)?.abort(message.reason)
          break
        case 'ping':
          send({ kind: 'pong', number: message.number })
          break
      }
    },
    takeStray(error) {
      const key = owner.getStore()
      if (key === undefined) return false
      const attempt = attempts.get(key)
      end(key, outcomeOfThrown(error), true)
      attempt?.abort({ name: 'Adrift', message: 'An error outside the handler ended this attempt' })
      return true
    },
    flush: out.flush,
  }
}
