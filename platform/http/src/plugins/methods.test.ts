import { expect, test } from 'vitest'
import { listeningApp } from '../../test/listening-app.ts'
import { refuseOtherMethods } from './methods.ts'

async function setup() {
  const { app } = await listeningApp((routes) => {
    routes.get('/things/:id', async () => ({}))
    routes.patch('/things/:id', async () => ({}))
    routes.post('/things/batch', async () => ({}))
    refuseOtherMethods(routes)
  })
  return async (method: string, url: string) => {
    const { statusCode, headers, body } = await app.inject({ method: method as 'GET', url })
    return { status: statusCode, allow: headers.allow, code: body === '' ? undefined : JSON.parse(body).code }
  }
}

test('replies 405 to a method that a path does not have, with those that it has', async () => {
  const call = await setup()
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])
    expect(await call(method, '/things/1?a=b')).toEqual({
      status: 405,
      allow: 'GET, HEAD, PATCH',
      code: 'METHOD_NOT_ALLOWED',
    })
  expect(await call('HEAD', '/things/batch')).toMatchObject({ status: 405, allow: 'POST' })
})

test('does not take a path for that of another route because of its method', async () => {
  const call = await setup()
  expect(await call('GET', '/things/batch')).toMatchObject({ status: 405, allow: 'POST' })
})

test('replies 404 to a path without a route', async () => {
  const call = await setup()
  expect(await call('POST', '/nothing')).toEqual({ status: 404, allow: undefined, code: 'ROUTE_NOT_FOUND' })
})

test('refuses a method before it reads the body', async () => {
  const { dial } = await listeningApp((app) => {
    app.get('/things', async () => ({}))
    refuseOtherMethods(app)
  })
  const { socket, ended } = await dial(
    'POST /things HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{',
  )
  expect(await ended).toMatch(/^HTTP\/1.1 405.*\r\nallow: GET, HEAD/s)
  socket.destroy()
})
