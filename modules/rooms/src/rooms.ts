import { fleetRoom } from '@taskflow/fleet/room'
import type { RoomRoutes } from '@taskflow/http'
import { identityRoom } from '@taskflow/identity/room'
import type { Duty } from '@taskflow/kernel'
import type { Room } from '@taskflow/room'
import { tasksRoom } from '@taskflow/tasks/room'
import { checkDistinct } from './sum-of.ts'

/** Lists every room, after the rooms whose stores it needs. A new feature adds its room here. */
const listed = [tasksRoom, fleetRoom, identityRoom] as const

/** Every room of the product. The registries of the product are the sums of what these rooms declare. */
export const ROOMS: readonly Room[] = listed

type Listed = (typeof listed)[number]

type Intersection<Union> = (Union extends unknown ? (each: Union) => void : never) extends (all: infer All) => void
  ? All
  : never

type StoresOf<Each> = Each extends { readonly stores: (deps: never) => infer Stores } ? Stores : never
type DutyDepsOf<Each> = Each extends { readonly duties: (deps: infer Deps) => unknown } ? Deps : never
type RouteDepsOf<Each> = Each extends { readonly routes: () => Promise<RoomRoutes<infer Deps>> } ? Deps : never

type SettingsOf<Each> = Each extends { readonly settings: infer Settings } ? Settings : never

/** The settings of all rooms, as one object. */
export type RoomSettings = Intersection<SettingsOf<Listed>>

/** The stores of all rooms, as one object. */
export type RoomStores = Intersection<StoresOf<Listed>>

/** The dependencies of the duties of all rooms. */
export type RoomDutyDeps = Intersection<DutyDepsOf<Listed>>

/** The dependencies of the routes of all rooms. */
export type RoomRouteDeps = Intersection<RouteDepsOf<Listed>>

/** The duties of all rooms. */
export function dutiesOf(deps: RoomDutyDeps, rooms: readonly Room[] = ROOMS): readonly Duty[] {
  const duties = rooms.flatMap((room) => (room.duties?.(deps as never) ?? []).map((duty) => ({ room, duty })))
  checkDistinct(
    'duty',
    duties.map(({ room, duty }) => [`room ${room.name}`, duty.service.name]),
  )
  return duties.map(({ duty }) => duty)
}

/** Loads the routes of all rooms. */
export async function loadRoutes(rooms: readonly Room[] = ROOMS): Promise<readonly RoomRoutes<RoomRouteDeps>[]> {
  const loaded = await Promise.all(rooms.map((room) => room.routes?.()))
  return loaded.filter((routes) => routes !== undefined) as RoomRoutes<RoomRouteDeps>[]
}
