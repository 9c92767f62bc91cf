import { openStorage, ROOMS, type Storage, type StorageDeps } from '@taskflow/rooms'
import { testRoom } from './room.ts'
import type { TestRoomStore } from './store.ts'

/** The storage of all rooms of the product, and of the test room behind them. */
export const openWithTestRoom = (deps: Omit<StorageDeps, 'rooms'>): Storage & TestRoomStore =>
  openStorage({ ...deps, rooms: [...ROOMS, testRoom] }) as Storage & TestRoomStore
