import { type Database, leaderStore, ping, requireWrites } from '@taskflow/database'
import type { Events, LeaderStore } from '@taskflow/kernel'
import type { Room } from '@taskflow/room'
import type { Dispatch } from '@taskflow/tasks'
import { ROOMS, type RoomStores } from './rooms.ts'
import { checkDistinct, sumOf } from './sum-of.ts'

export interface StorageDeps {
  /** A migrated database. */
  readonly db: Database
  /** A replica of `db` for lists that may be a moment old. Writes, and reads that follow a write, use `db`. */
  readonly readDb?: Database
  readonly events: Events
  /** How long to keep finished tasks that have no retention of their own, in milliseconds. */
  readonly retentionMs: number
  /** Called after each commit with the dispatches of tasks that have become queued. Must not wait. */
  readonly onQueued?: (dispatches: readonly Dispatch[]) => void
  /** Default: every room of the product. */
  readonly rooms?: readonly Room[]
}

/** All stores: those of the rooms and those of the platform. */
export type Storage = RoomStores &
  LeaderStore & {
    /** Resolves when the database answers; throws DATABASE_UNAVAILABLE when it does not. */
    ping(): Promise<void>
    /** Resolves if the database would store a submission now; throws DATABASE_UNAVAILABLE if not. */
    requireWrites(): Promise<void>
  }

/** Opens the stores of all rooms over one database. Each room receives the stores of the rooms before it. */
export function openStorage({ db, readDb = db, rooms = ROOMS, ...deps }: StorageDeps): Storage {
  const sums = {
    sweeps: rooms.flatMap((room) => room.sweeps ?? []),
    admitters: rooms.flatMap(({ ports }) => ports?.admission ?? []),
    endConsumers: rooms.flatMap(({ ports }) => ports?.end ?? []),
  }
  checkDistinct(
    'consumer of ends',
    rooms.flatMap(({ name, ports }) => (ports?.end ? [[`room ${name}`, ports.end.consumer] as const] : [])),
  )
  const platform = {
    ...leaderStore(db),
    ping: async () => void (await db.run(ping, [])),
    requireWrites: () => requireWrites(db),
  }
  const all = { ...deps, ...sums, db, readDb }
  let stores: object = platform
  const opened: [owner: string, methods: Record<string, unknown>][] = [['the platform', { ...platform }]]
  for (const room of rooms) {
    opened.push([`room ${room.name}`, { ...openStores(room, { ...all, ...stores }) }])
    stores = sumOf('method of the storage', opened)
  }
  return stores as Storage
}

/** Opens the stores of one room. The cast is safe: `deps` contains the stores of all earlier rooms, which each room's type requires. */
const openStores = ({ stores }: Room, deps: object): object => stores?.(deps as never) ?? {}
