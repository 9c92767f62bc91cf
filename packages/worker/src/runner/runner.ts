import { AsyncLocalStorage } from 'node:async_hooks'
import { flushCompileCache } from 'node:module'
import type { AttemptError, AttemptOutcome } from '@taskflow/tasks'
import { attemptError } from '@taskflow/tasks/domain/failures'
import type { Order } from '../order.ts'
import { unpackOrders } from '../packed.ts'
import type { FromRunner, ToRunner } from '../protocol.ts'
import { StartGate } from '../start-gate.ts'
import { type Attempt, type AttemptOwner, openAttempt } from './attempt.ts'
import { attemptErrorOf } from './attempt-error.ts'
import { introduce } from './introduce.ts'
import { type Definitions, loadTasks } from './load-tasks.ts'
import { ModuleLoader, type ModuleOwner } from './module-loader.ts'
import { Outbox } from './outbox.ts'
import { outcomeOfThrown, runHandler } from './run-handler.ts'

/**
 * Runs the handlers of the attempts that the agent orders, many at once, and reports their outcomes.
 *
 * Everything that a handler starts carries the key of its attempt (AsyncLocalStorage), so that an error thrown outside
 * of the handler's promise ends the attempt that caused it, and no other.
 */
export interface Runner {
  receive(message: ToRunner): void
  /**
   * Ends the attempt that caused an uncaught error, or reports the error if that attempt has ended already. False when no
   * attempt caused it, and no module that is being loaded: the runner must then end.
   */
  takeStray(error: unknown): boolean
  /** Describes the uncaught error that ends the runner, with the module that caused it. */
  describeStray(error: unknown): string
  /** Sends at once what the next report would contain. */
  flush(): void
}

export function runner(send: (message: FromRunner) => void): Runner {
  const out = new Outbox(send)
  const owner = new AsyncLocalStorage<AttemptOwner | ModuleOwner>()
  const loader = new ModuleLoader(owner, (module) => send({ kind: 'loading', module }))
  const attempts = new Map<number, Attempt>()
  let definitions: Definitions = new Map()
  let gate: StartGate | undefined

  async function load(folder: string): Promise<void> {
    try {
      definitions = await loadTasks(folder, loader)
      send({ kind: 'ready', types: [...definitions.values()].map(introduce) })
      // Most runners are killed, and would not write their compile cache at an exit.
      flushCompileCache()
    } catch (error) {
      send({ kind: 'refused', message: attemptErrorOf(error).message })
    }
  }

  /** Runs an order, or skips it if the agent has revoked it while the loop was blocked. */
  function begin(order: Order): void {
    if (!gate || gate.begin()) run(order)
    else out.ended({ key: order.key, outcome: { kind: 'released' }, isAdrift: false })
  }

  function run(order: Order): void {
    const { key, type, payload } = order
    const attempt = openAttempt(order, out)
    attempts.set(key, attempt)
    const definition = definitions.get(type)
    if (!definition) throw new TypeError(`No module that this runner loaded defines ${type}`)
    const outcome = owner.run(attempt.owner, runHandler, definition, payload, attempt.context)
    if (outcome instanceof Promise) void outcome.then((late) => end(key, late))
    else end(key, outcome)
  }

  /** Ends an attempt once. The end of a handler whose attempt a stray error has ended is ignored. */
  function end(key: number, outcome: AttemptOutcome, isAdrift = false): void {
    const attempt = attempts.get(key)
    if (!attempt) return
    attempts.delete(key)
    attempt.close()
    if (outcome.kind === 'succeeded' && !isAdrift) out.succeeded(key, outcome.result)
    else out.ended({ key, outcome, isAdrift })
  }

  /** Aborts on behalf of the attempt, so that an error of its abort listener is its own. */
  function abort(key: number, reason: AttemptError): void {
    const attempt = attempts.get(key)
    if (attempt) owner.run(attempt.owner, attempt.abort, reason)
  }

  return {
    receive(message) {
      switch (message.kind) {
        case 'load':
          if (message.gate) gate = new StartGate(message.gate)
          void load(message.folder)
          break
        case 'run':
          for (const order of unpackOrders(message.orders)) begin(order)
          break
        case 'abort':
          for (const key of message.keys) abort(key, message.reason)
          break
        case 'ping':
          send({ kind: 'pong', number: message.number })
          break
      }
    },
    takeStray(error) {
      const cause = owner.getStore()
      if (!cause || 'module' in cause) return loader.takeStray(error, cause?.module)
      const { key, taskId, type } = cause
      const attempt = attempts.get(key)
      if (attempt) {
        end(key, outcomeOfThrown(error), true)
        attempt.abort(attemptError('Adrift', 'An error outside the handler ended this attempt'))
      } else out.lateError({ taskId, type, error: attemptErrorOf(error) })
      return true
    },
    describeStray(error) {
      const { name, message } = attemptErrorOf(error)
      const cause = owner.getStore()
      return `${name}: ${message}${cause && 'module' in cause ? ` (from task module ${cause.module})` : ''}`
    },
    flush: out.flush,
  }
}
