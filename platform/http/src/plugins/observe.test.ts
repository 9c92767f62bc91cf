import { expect, test } from 'vitest'
import { listeningApp } from '../../test/listening-app.ts'

test('logs the path of a request without its query string', async () => {
  const { app, logged } = await listeningApp()
  await app.inject('/oidc/callback?code=hunter2&state=s')
  expect(logged).toContainEqual(expect.objectContaining({ message: 'Request answered', path: '/oidc/callback' }))
  expect(JSON.stringify(logged)).not.toContain('hunter2')
})
