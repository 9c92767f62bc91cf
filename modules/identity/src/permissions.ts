/** Maps each permission of this room to the lowest role that has it. */
export const IDENTITY_PERMISSIONS = {
  'apiKeys:manage': 'admin',
} as const

declare module '@taskflow/http/access' {
  interface Permissions extends Record<keyof typeof IDENTITY_PERMISSIONS, true> {}
}
