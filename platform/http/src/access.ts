/** The roles of a credential, in ascending order. Each role has all permissions of the roles before it. */
export const ROLES = ['viewer', 'submitter', 'operator', 'admin'] as const

export type Role = (typeof ROLES)[number]

/** Every permission, by name. A room adds its own permissions by declaration merging. */
export interface Permissions {
  'metrics:read': true
}

export type Permission = keyof Permissions

/** The authenticated caller of a request. */
export interface Principal {
  /** Name of the caller in events: `key:<name>` or `admin`. */
  readonly actor: string
  readonly role: Role
  readonly project: string
}

/** Decides who the caller is and what the caller may do. The room `identity` implements this port. */
export interface Access {
  /** Returns the principal of a token that was authenticated a moment ago. */
  remembered(token: string): Principal | undefined
  /** Resolves with the principal of the token, or with undefined if the token is not valid. */
  authenticate(token: string): Promise<Principal | undefined>
  permits(role: Role, permission: Permission): boolean
  /** Returns the lowest role with the permission, for error messages. */
  leastRoleFor(permission: Permission): Role
}
