import { ROLES } from '@taskflow/http/access'
import { PERMISSIONS } from '@taskflow/rooms'
import { useApi } from '@taskflow/testing/given-api'
import { expect, test } from 'vitest'
import { DEFAULT_PROJECT } from '../domain/project.ts'
import { leastRoleFor, permits } from '../domain/roles.ts'

const given = useApi()

const as = (token: string) => ({ authorization: `Bearer ${token}` })
const ID = '01900000-0000-7000-8000-000000000000'

/** One request for each permission. Only whether the request is authorised matters here, not whether it succeeds. */
const REQUESTS = {
  'tasks:read': ['GET', '/v1/tasks'],
  'queues:read': ['GET', '/v1/queues'],
  'workers:read': ['GET', '/v1/workers'],
  'metrics:read': ['GET', '/metrics'],
  'tasks:submit': ['POST', '/v1/tasks'],
  'tasks:cancel': ['POST', `/v1/tasks/${ID}/cancel`],
  'tasks:edit': ['PATCH', `/v1/tasks/${ID}`],
  'tasks:redrive': ['POST', `/v1/tasks/${ID}/redrive`],
  'workers:cordon': ['POST', `/v1/workers/${ID}/cordon`],
  'workers:drain': ['POST', `/v1/workers/${ID}/drain`],
  'apiKeys:manage': ['GET', '/v1/api-keys'],
} as const

for (const role of ROLES) {
  test(`permits a ${role} what the role includes, and names the missing permission otherwise`, async () => {
    const key = await given.keyOf(role)
    for (const [permission, [method, url]] of Object.entries(REQUESTS)) {
      const named = permission as keyof typeof REQUESTS
      const { status, json } = await given.call(method, url, undefined, as(key)).then((reply) => ({
        status: reply.status,
        json: reply.status >= 400 ? reply.json : {},
      }))
      expect({ permission, isRefused: status === 403 }).toEqual({
        permission,
        isRefused: !permits(PERMISSIONS, role, named),
      })
      if (status === 403) {
        expect(json.detail).toContain(permission)
        expect(json.detail).toContain(`role ${leastRoleFor(PERMISSIONS, named)}`)
      }
    }
  })
}

test('requires credentials for every operation except health and readiness', async () => {
  const { paths } = (await given.call('GET', '/openapi.json')).json
  const open: string[] = []
  for (const [path, methods] of Object.entries(paths as Record<string, object>)) {
    for (const method of Object.keys(methods)) {
      const url = path.replace(/\{\w+\}/g, ID)
      const { statusCode } = await given.app.inject({ method: method.toUpperCase() as 'GET', url })
      if (statusCode !== 401) open.push(`${method} ${path}`)
    }
  }
  expect(open.sort()).toEqual(['get /health', 'get /ready'])
})

test('requests credentials with the WWW-Authenticate header', async () => {
  const reply = await given.app.inject('/v1/tasks')
  expect(reply.headers['www-authenticate']).toBe('Bearer realm="taskflow"')
})

test('creates a key, returns its secret once, and accepts the key until it is revoked', async () => {
  const created = await given.call('POST', '/v1/api-keys', { name: 'ci', role: 'submitter' })
  const { id, secret, ...rest } = created.json
  expect(created.status).toBe(201)
  expect(created.headers['cache-control']).toBe('no-store')
  expect(secret).toMatch(/^tf_[\w-]{43}$/)
  expect(rest).toMatchObject({ name: 'ci', role: 'submitter', expiresAt: null, revokedAt: null })

  const me = await given.call('GET', '/v1/me', undefined, as(secret))
  expect(me.json).toEqual({ actor: 'key:ci', role: 'submitter', project: DEFAULT_PROJECT })
  const list = await given.call('GET', '/v1/api-keys')
  expect(list.text).not.toContain(secret)
  expect(list.text).toContain(id)

  expect((await given.call('DELETE', `/v1/api-keys/${id}`)).json.revokedAt).not.toBeNull()
  expect((await given.call('GET', '/v1/me', undefined, as(secret))).status).toBe(401)
  expect((await given.call('DELETE', `/v1/api-keys/${ID}`)).status).toBe(404)
})

test('rejects an expired key', async () => {
  const body = { name: 'old', role: 'viewer', expiresAt: '2020-01-01T00:00:00Z' }
  const { secret } = (await given.call('POST', '/v1/api-keys', body)).json
  expect((await given.call('GET', '/v1/me', undefined, as(secret))).status).toBe(401)
})

test('never logs a secret', async () => {
  const { secret } = (await given.call('POST', '/v1/api-keys', { name: 'quiet', role: 'viewer' })).json
  await given.call('GET', '/v1/me', undefined, as(secret))
  expect(given.logged.join('\n')).not.toContain(secret)
})
