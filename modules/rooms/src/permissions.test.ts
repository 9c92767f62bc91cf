import { type Permission, ROLES } from '@taskflow/http/access'
import { leastRoleFor, permits } from '@taskflow/identity'
import { expect, test } from 'vitest'
import { PERMISSIONS } from './permissions.ts'

/** Repeats the permissions by hand, so that an accidental change fails. */
const MATRIX: Record<Permission, readonly string[]> = {
  'tasks:read': ['viewer', 'submitter', 'operator', 'admin'],
  'queues:read': ['viewer', 'submitter', 'operator', 'admin'],
  'workers:read': ['viewer', 'submitter', 'operator', 'admin'],
  'metrics:read': ['viewer', 'submitter', 'operator', 'admin'],
  'tasks:submit': ['submitter', 'operator', 'admin'],
  'tasks:cancel': ['submitter', 'operator', 'admin'],
  'tasks:edit': ['operator', 'admin'],
  'tasks:redrive': ['operator', 'admin'],
  'workers:cordon': ['operator', 'admin'],
  'workers:drain': ['operator', 'admin'],
  'apiKeys:manage': ['admin'],
}

for (const [permission, roles] of Object.entries(MATRIX) as [Permission, string[]][]) {
  test(`${permission} belongs to ${roles.join(', ')}`, () => {
    expect(ROLES.filter((role) => permits(PERMISSIONS, role, permission))).toEqual(roles)
    expect(leastRoleFor(PERMISSIONS, permission)).toBe(roles[0])
  })
}
