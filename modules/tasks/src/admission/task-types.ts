import type { Clock } from '@taskflow/kernel'
import type { TaskTypeDefaults } from '../domain/task-type.ts'
import type { TaskTypeStore } from '../ports/task-type-store.ts'
import { compileInputSchema } from './input-schema.ts'
import type { KnownType } from './known-type.ts'

interface Deps {
  readonly storage: Pick<TaskTypeStore, 'listTaskTypes'>
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly log: { warn(details: object, message: string): void }
}

interface Loaded {
  readonly at: number
  readonly types: ReadonlyMap<string, KnownType>
}

// A worker that starts announces its types; submissions take them up within this time.
const REFRESH_MS = 5_000
// A type not heard of may have been announced a moment ago.
const REFRESH_UNKNOWN_MS = 250

type Source = Deps['storage']

/** What workers announced of the task types of a project: defaults for submission and the schema of the payload. */
export class TaskTypes {
  readonly #deps: Deps
  readonly #loaded = new Map<string, Loaded>()
  readonly #asked = new Map<string, Promise<Loaded>>()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** @param source where to ask, should it be necessary, instead of the usual place; nobody waits for the answer but who asks */
  async find(project: string, type: string, source?: Source): Promise<KnownType | undefined> {
    const { types, at } = this.#fresh(project, REFRESH_MS) ?? (await this.#ask(project, source))
    if (types.has(type)) return types.get(type)
    const age = this.#deps.clock.monotonicMs() - at
    if (age < REFRESH_UNKNOWN_MS) return undefined
    const latest = this.#fresh(project, REFRESH_UNKNOWN_MS) ?? (await this.#ask(project, source))
    return latest.types.get(type)
  }

  #fresh(project: string, maxAgeMs: number): Loaded | undefined {
    const loaded = this.#loaded.get(project)
    return loaded && this.#deps.clock.monotonicMs() - loaded.at < maxAgeMs ? loaded : undefined
  }

  /** Whoever found it old first asks; the others wait for that answer. */
  #ask(project: string, source: Source | undefined): Promise<Loaded> {
    if (source) return this.#load(project, source)
    const underWay = this.#asked.get(project)
    if (underWay) return underWay
    const asked = this.#load(project, this.#deps.storage).finally(() => this.#asked.delete(project))
    this.#asked.set(project, asked)
    return asked
  }

  async #load(project: string, source: Source): Promise<Loaded> {
    const at = this.#deps.clock.monotonicMs()
    const known = await source.listTaskTypes(project)
    const before = this.#loaded.get(project)
    const types = new Map(known.map((each) => [each.type, this.#know(each, before?.types.get(each.type))]))
    const loaded = { at, types }
    this.#loaded.set(project, loaded)
    return loaded
  }

  #know(defaults: TaskTypeDefaults, before: KnownType | undefined): KnownType {
    const { inputSchema, type } = defaults
    if (inputSchema === null) return defaults
    // Compiled once for each text, and warned about once.
    const checkInput =
      before?.inputSchema === inputSchema ? before.checkInput : compileInputSchema(type, inputSchema, this.#deps.log)
    return { ...defaults, ...(checkInput && { checkInput }) }
  }
}
