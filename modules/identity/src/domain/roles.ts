import { type Permission, ROLES, type Role } from '@taskflow/http/access'

/** Each permission, with the least role that has it. */
export type PermissionTable = Readonly<Record<string, Role>>

/** Whether the role, or one before it, has the permission. */
export const permits = (table: PermissionTable, role: Role, permission: Permission): boolean =>
  ROLES.indexOf(role) >= ROLES.indexOf(leastRoleFor(table, permission))

/** The least role that has the permission. A permission that no room lists takes an administrator. */
export const leastRoleFor = (table: PermissionTable, permission: Permission): Role => table[permission] ?? 'admin'
