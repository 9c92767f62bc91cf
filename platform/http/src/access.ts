/** The roles of a credential, from the least to the greatest. Each has all permissions of those before it. */
export const ROLES = ['viewer', 'submitter', 'operator', 'admin'] as const

export type Role = (typeof ROLES)[number]

/** Every permission there is, by name. A room that has permissions of its own adds them by declaration merging. */
export interface Permissions {
  'metrics:read': true
}

export type Permission = keyof Permissions

/** The caller of a request, once authenticated. */
export interface Principal {
  /** As it appears in events and audit: `key:<name>`, `admin`. */
  readonly actor: string
  readonly role: Role
  readonly project: string
}

/** Decides who calls and what the caller may do: the port that the room `identity` implements. */
export interface Access {
  /** The principal that was found to hold the token a moment ago. */
  remembered(token: string): Principal | undefined
  /** The principal that holds the token; undefined where nobody does. */
  authenticate(token: string): Promise<Principal | undefined>
  permits(role: Role, permission: Permission): boolean
  /** The least role that has the permission, to name it in a refusal. */
  leastRoleFor(permission: Permission): Role
}
