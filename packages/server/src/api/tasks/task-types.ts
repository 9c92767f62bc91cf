import type { Clock, FleetStore, TaskTypeDefaults } from '@taskflow/core'
import type { ValidateFunction } from 'ajv/dist/2020.js'
import { compileInputSchema } from './input-schema.ts'

export interface KnownType extends TaskTypeDefaults {
  /** Checks a payload; absent where the type gave no schema, or one that cannot be used. */
  readonly checkInput?: ValidateFunction
}

interface Deps {
  readonly storage: Pick<FleetStore, 'listTaskTypes'>
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

/** What workers announced of the task types of a project: defaults for submission and the schema of the payload. */
export class TaskTypes {
  readonly #deps: Deps
  readonly #loaded = new Map<string, Promise<Loaded>>()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  async find(project: string, type: string): Promise<KnownType | undefined> {
    const { types, at } = await this.#load(project, REFRESH_MS)
    if (types.has(type)) return types.get(type)
    const age = this.#deps.clock.monotonicMs() - at
    return age < REFRESH_UNKNOWN_MS ? undefined : (await this.#load(project, REFRESH_UNKNOWN_MS)).types.get(type)
  }

  async #load(project: string, maxAgeMs: number): Promise<Loaded> {
    const current = this.#loaded.get(project)
    const loaded = await current
    if (loaded && this.#deps.clock.monotonicMs() - loaded.at < maxAgeMs) return loaded
    // Whoever found it old first asks; the others wait for that answer.
    const latest = this.#loaded.get(project)
    if (latest !== current && latest) return latest
    const asked = this.#ask(project, loaded)
    this.#loaded.set(project, asked)
    // A failed answer must not stand until the next refresh.
    asked.catch(() => this.#loaded.delete(project))
    return asked
  }

  async #ask(project: string, before: Loaded | undefined): Promise<Loaded> {
    const at = this.#deps.clock.monotonicMs()
    const known = await this.#deps.storage.listTaskTypes(project)
    return { at, types: new Map(known.map((each) => [each.type, this.#know(each, before?.types.get(each.type))])) }
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
