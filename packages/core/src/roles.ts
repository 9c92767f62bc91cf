/**
 * Who may do what. A credential has one role; a route names one permission.
 * Each role has all that the one before it has.
 */
export const ROLES = ['viewer', 'submitter', 'operator', 'admin'] as const

export type Role = (typeof ROLES)[number]

const PERMISSIONS_OF = {
  viewer: ['tasks:read', 'queues:read', 'workers:read', 'metrics:read'],
  submitter: ['tasks:submit', 'tasks:cancel'],
  operator: ['tasks:edit', 'tasks:redrive', 'workers:cordon', 'workers:drain'],
  admin: ['apiKeys:manage'],
} as const satisfies Record<Role, readonly string[]>

export type Permission = (typeof PERMISSIONS_OF)[Role][number]

export function permits(role: Role, permission: Permission): boolean {
  return ROLES.slice(0, ROLES.indexOf(role) + 1).some((each) =>
    (PERMISSIONS_OF[each] as readonly Permission[]).includes(permission),
  )
}

/** The least role that has a permission, to name it in a refusal. */
export function leastRoleFor(permission: Permission): Role {
  return ROLES.find((role) => permits(role, permission)) ?? 'admin'
}

/** Who is calling, once authenticated. */
export interface Principal {
  /** As it appears in events and audit: `key:<name>`, `admin`. */
  readonly actor: string
  readonly role: Role
  readonly project: string
}
