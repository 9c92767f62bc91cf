import { ALL_ERRORS as ERRORS } from '@taskflow/server/errors'
import { useApi } from '@taskflow/testing/given-api'
import { describe, expect, test } from 'vitest'

const given = useApi()

interface Operation {
  operationId: string
  summary: string
  tags: string[]
  requestBody?: { required: boolean }
  responses: Record<string, { content?: Record<string, unknown> }>
  'x-permission'?: string
}

async function operations(): Promise<[path: string, method: string, operation: Operation][]> {
  const { paths } = (await given.call('GET', '/openapi.json')).json as {
    paths: Record<string, Record<string, Operation>>
  }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, string, Operation] => [path, method, operation]),
  )
}

describe('the OpenAPI document', () => {
  test('names every operation by a verb and a noun', async () => {
    const ids = (await operations()).map(([, , { operationId }]) => operationId)
    expect(ids.sort()).toEqual([
      'cancelTask',
      'cordonWorker',
      'createApiKey',
      'drainWorker',
      'editTask',
      'getHealth',
      'getMe',
      'getMetrics',
      'getQueue',
      'getReadiness',
      'getTask',
      'getWorker',
      'listApiKeys',
      'listAttempts',
      'listEvents',
      'listLogs',
      'listQueues',
      'listTasks',
      'listWorkers',
      'redriveTask',
      'revokeApiKey',
      'submitTask',
      'submitTasks',
      'uncordonWorker',
    ])
  })

  test('has a summary, a tag, a permission and problems for each operation', async () => {
    for (const [path, method, operation] of await operations()) {
      const at = `${method} ${path}`
      expect(operation.summary, at).toBeTruthy()
      expect(operation.tags, at).toHaveLength(1)
      if (path.startsWith('/v1')) expect(operation['x-permission'], at).toBeTruthy()
      const failures = Object.entries(operation.responses).filter(([status]) => Number(status) >= 400)
      expect(failures.length, at).toBeGreaterThan(0)
      for (const [, { content }] of failures)
        expect(Object.keys(content ?? {}), at).toEqual(['application/problem+json'])
    }
  })

  test('marks optional bodies', async () => {
    const optional = (await operations()).filter(([, , { requestBody }]) => requestBody?.required === false)
    expect(optional.map(([, , { operationId }]) => operationId).sort()).toEqual([
      'cancelTask',
      'cordonWorker',
      'drainWorker',
      'redriveTask',
      'uncordonWorker',
    ])
  })

  test('contains every schema that it refers to', async () => {
    const document = (await given.call('GET', '/openapi.json')).json
    expect(document.openapi).toBe('3.1.0')
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name,
    )
    expect(refs.length).toBeGreaterThan(20)
    for (const name of new Set(refs)) expect(Object.keys(document.components.schemas)).toContain(name)
    expect(JSON.stringify(document)).not.toMatch(/"\$ref":"(?!#)/)
  })
})

test('the documentation loads nothing from other servers', async () => {
  const page = await given.app.inject({ url: '/docs', headers: { accept: 'text/html' } })
  expect(page.statusCode).toBe(200)
  expect(page.body).not.toMatch(/(src|href)="https?:/)
  expect(page.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'")
  for (const [, url = ''] of page.body.matchAll(/(?:src|href)="([^"]+)"/g)) {
    expect((await given.app.inject(url)).statusCode, url).toBe(200)
  }
})

test('the page of errors explains every code', async () => {
  const { body } = await given.app.inject('/docs/errors')
  for (const code of Object.keys(ERRORS)) expect(body).toContain(`id="${code}"`)
})
