import type { Role } from '@taskflow/http/access'
import { ROOMS } from './rooms.ts'

/** Maps each permission of the product to the lowest role that has it. */
export const PERMISSIONS: Readonly<Record<string, Role>> = Object.assign(
  { 'metrics:read': 'viewer' },
  ...ROOMS.map(({ permissions }) => permissions),
)
