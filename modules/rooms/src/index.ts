export { ERRORS } from './errors.ts'
export { PERMISSIONS } from './permissions.ts'
export { dutiesOf, loadRoutes, ROOMS, type RoomDutyDeps, type RoomRouteDeps } from './rooms.ts'
export { openStorage, type Storage, type StorageDeps } from './storage.ts'
