/** Maps each permission of this room to the lowest role that has it. */
export const FLEET_PERMISSIONS = {
  'queues:read': 'viewer',
  'workers:read': 'viewer',
  'workers:cordon': 'operator',
  'workers:drain': 'operator',
} as const

declare module '@taskflow/http/access' {
  interface Permissions extends Record<keyof typeof FLEET_PERMISSIONS, true> {}
}
