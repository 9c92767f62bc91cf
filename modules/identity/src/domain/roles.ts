import { type Permission, ROLES, type Role } from '@taskflow/http/access'

/** Maps each permission to the lowest role that has it. */
export type PermissionTable = Readonly<Record<string, Role>>

/** Returns whether the role, or a lower one, has the permission. */
export const permits = (table: PermissionTable, role: Role, permission: Permission): boolean =>
  ROLES.indexOf(role) >= ROLES.indexOf(leastRoleFor(table, permission))

/** Returns the lowest role that has the permission. A permission that no room lists requires `admin`. */
export const leastRoleFor = (table: PermissionTable, permission: Permission): Role => table[permission] ?? 'admin'
