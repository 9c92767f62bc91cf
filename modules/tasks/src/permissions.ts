/** Maps each permission of this room to the lowest role that has it. */
export const TASKS_PERMISSIONS = {
  'tasks:read': 'viewer',
  'tasks:submit': 'submitter',
  'tasks:cancel': 'submitter',
  'tasks:edit': 'operator',
  'tasks:redrive': 'operator',
} as const

declare module '@taskflow/http/access' {
  interface Permissions extends Record<keyof typeof TASKS_PERMISSIONS, true> {}
}
