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

// A worker registers its types when it starts; submissions use them after at most this time.
const REFRESH_MS = 5_000
// A worker may have registered an unknown type a moment ago.
const REFRESH_UNKNOWN_MS = 250

type Source = Deps['storage']

/** Caches the task types that workers have registered: defaults for submissions and the input schema. */
export class TaskTypes {
  readonly #deps: Deps
  readonly #loaded = new Map<string, Loaded>()
  readonly #underWay = new Map<string, Promise<Loaded>>()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /**
   * Finds a task type, with a query when the cache is too old. Concurrent callers share one query.
   *
   * @param source replaces the usual source, for example within a transaction; its query is not shared
   */
  async find(project: string, type: string, source?: Source): Promise<KnownType | undefined> {
    const { types, at } = this.#fresh(project, REFRESH_MS) ?? (await this.#refresh(project, source))
    if (types.has(type)) return types.get(type)
    const age = this.#deps.clock.monotonicMs() - at
    if (age < REFRESH_UNKNOWN_MS) return undefined
    const latest = this.#fresh(project, REFRESH_UNKNOWN_MS) ?? (await this.#refresh(project, source))
    return latest.types.get(type)
  }

  #fresh(project: string, maxAgeMs: number): Loaded | undefined {
    const loaded = this.#loaded.get(project)
    return loaded && this.#deps.clock.monotonicMs() - loaded.at < maxAgeMs ? loaded : undefined
  }

  /** Shares one query among all callers that find the cache too old. */
  #refresh(project: string, source: Source | undefined): Promise<Loaded> {
    if (source) return this.#load(project, source)
    const underWay = this.#underWay.get(project)
    if (underWay) return underWay
    const loading = this.#load(project, this.#deps.storage).finally(() => this.#underWay.delete(project))
    this.#underWay.set(project, loading)
    return loading
  }

  async #load(project: string, source: Source): Promise<Loaded> {
    const at = this.#deps.clock.monotonicMs()
    const known = await source.listTaskTypes(project)
    const before = this.#loaded.get(project)
    const types = new Map(known.map((each) => [each.type, this.#toKnownType(each, before?.types.get(each.type))]))
    const loaded = { at, types }
    this.#loaded.set(project, loaded)
    return loaded
  }

  #toKnownType(defaults: TaskTypeDefaults, before: KnownType | undefined): KnownType {
    const { inputSchema, type } = defaults
    if (inputSchema === null) return defaults
    // Compile each schema once, so that an invalid one is reported once.
    const checkInput =
      before?.inputSchema === inputSchema ? before.checkInput : compileInputSchema(type, inputSchema, this.#deps.log)
    return { ...defaults, ...(checkInput && { checkInput }) }
  }
}
