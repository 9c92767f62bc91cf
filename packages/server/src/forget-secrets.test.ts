import { expect, test } from 'vitest'
import { SETTINGS } from './config.ts'
import { forgetSecrets, SECRET_SETTINGS } from './forget-secrets.ts'

test('the environment keeps everything but the secret settings', () => {
  const env = { PATH: '/bin', TASKFLOW_DATABASE_URL: 'postgres://me:hunter2@db/app', TASKFLOW_ADMIN_TOKEN: 'hunter2' }
  forgetSecrets(env)
  expect(env).toEqual({ PATH: '/bin' })
})

test('every setting that is an address, a token, a key, a secret or a password counts as secret', () => {
  const secret = SETTINGS.filter(({ name }) => /url$|token|secret|password|key$/i.test(name)).map(({ name }) => name)
  expect([...SECRET_SETTINGS].sort()).toEqual(secret.sort())
})
