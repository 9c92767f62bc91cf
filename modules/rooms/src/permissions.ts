import type { Role } from '@taskflow/http/access'
import { ROOMS } from './rooms.ts'

/** Each permission of the product, with the least role that has it. */
export const PERMISSIONS: Readonly<Record<string, Role>> = Object.assign(
  { 'metrics:read': 'viewer' },
  ...ROOMS.map(({ permissions }) => permissions),
)
