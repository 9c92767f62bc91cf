import { sqlBeside, statement } from '@taskflow/database'

/** Held until the transaction ends, so that of processes which start together one creates the administrator. */
export const lockAdministrator = statement<readonly [], { administrator_lock: string }>({
  name: 'lock_administrator',
  columns: ['administrator_lock'],
  text: sqlBeside(import.meta.url),
})
