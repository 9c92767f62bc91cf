import type { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { attemptErrorOf } from './attempt-error.ts'

/** Names a task module to all that it starts while it is loaded. */
export interface ModuleOwner {
  readonly module: string
}

/**
 * Imports task modules, one after the other. A module whose code fails outside of its import, such as by a rejected
 * promise that nothing awaits, cannot be loaded either: the runner would end as soon as it was ready.
 */
export class ModuleLoader {
  readonly #owner: Pick<AsyncLocalStorage<unknown>, 'run'>
  readonly #onLoad: (file: string) => void
  #file = ''
  #failed: PromiseWithResolvers<never> | undefined

  /** Calls `onLoad` with each file before the import, which may block the loop or never end. */
  constructor(owner: Pick<AsyncLocalStorage<unknown>, 'run'>, onLoad: (file: string) => void) {
    this.#owner = owner
    this.#onLoad = onLoad
  }

  /** Returns the exports of a module. Throws an error that names the file at fault. */
  async load(path: string, file: string): Promise<Record<string, unknown>> {
    const failed = Promise.withResolvers<never>()
    this.#failed = failed
    this.#file = file
    this.#onLoad(file)
    const owner: ModuleOwner = { module: file }
    const imported = this.#owner
      .run(owner, () => import(pathToFileURL(path).href))
      .catch((error: unknown) => {
        throw refusal(file, error)
      })
    try {
      const module = await Promise.race([imported, failed.promise])
      // Node reports a rejected promise after the microtasks of this turn.
      await Promise.race([setImmediate(), failed.promise])
      return module
    } finally {
      this.#failed = undefined
    }
  }

  /** Fails the load under way, if one is, because of an uncaught error of this module. */
  takeStray(error: unknown, file = this.#file): boolean {
    this.#failed?.reject(refusal(file, error))
    return this.#failed !== undefined
  }
}

function refusal(file: string, thrown: unknown): Error {
  const { name, message } = attemptErrorOf(thrown)
  return new Error(`Task module ${file} cannot be loaded: ${name}: ${message}`, { cause: thrown })
}
