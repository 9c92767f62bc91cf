import type { Role } from '@taskflow/http/access'
import { ROOMS } from './rooms.ts'
import { sumOf } from './sum-of.ts'

/** Maps each permission of the product to the lowest role that has it. */
export const PERMISSIONS = sumOf<Role>('permission', [
  ['packages/server', { 'metrics:read': 'viewer' }],
  ...ROOMS.map(({ name, permissions }) => [`room ${name}`, permissions] as const),
])
