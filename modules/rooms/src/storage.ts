import { type Database, leaderStore, ping } from '@taskflow/database'
import type { Events, LeaderStore } from '@taskflow/kernel'
import type { Room } from '@taskflow/room'
import type { Dispatch } from '@taskflow/tasks'
import { ROOMS, type RoomStores } from './rooms.ts'

export interface StorageDeps {
  /** Migrated. */
  readonly db: Database
  /** A replica of `db`, for lists that may be a moment old. Writes, and reads that follow a write, go to `db`. */
  readonly readDb?: Database
  readonly events: Events
  /** How long finished tasks are kept that name no retention of their own. */
  readonly retentionMs: number
  /** Called after the commit with tasks that have just become queued, so that a broker can be notified. Must not wait. */
  readonly onQueued?: (dispatches: readonly Dispatch[]) => void
}

/** Everything that is stored: the sum of the rooms' stores. */
export type Storage = RoomStores &
  LeaderStore & {
    /** Resolves when the database answers; throws DATABASE_UNAVAILABLE when it does not. */
    ping(): Promise<void>
  }

/** Opens the stores of all rooms over one database. Each room is given the stores of the rooms before it. */
export function openStorage({ db, readDb = db, ...deps }: StorageDeps): Storage {
  const sweeps = ROOMS.flatMap((room) => room.sweeps ?? [])
  const platform = { ...leaderStore(db), ping: async () => void (await db.run(ping, [])) }
  const all = { ...deps, db, readDb, sweeps }
  const stores = { ...platform }
  for (const room of ROOMS) Object.assign(stores, openStores(room, { ...all, ...stores }))
  return stores as Storage
}

/** What a room needs is checked where the room is defined; the sum of all it is given has it. */
const openStores = ({ stores }: Room, deps: object): object => stores?.(deps as never) ?? {}
