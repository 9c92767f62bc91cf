import { handClock } from '@taskflow/testing'
import { expect, test } from 'vitest'
import { Authenticator } from './authenticator.ts'
import { hashSecret, newSecret } from './secrets.ts'

function setup() {
  const clock = handClock()
  const known = new Map<string, { actor: string; role: 'admin'; project: string }>()
  const lookups: string[] = []
  let answering = Promise.resolve()
  const access = new Authenticator({
    storage: {
      async findPrincipal(hash) {
        lookups.push(hash)
        const found = known.get(hash)
        await answering
        return found
      },
    },
    clock,
    permissions: {} as never,
  })
  function addKey(): string {
    const secret = newSecret()
    known.set(hashSecret(secret), { actor: 'key:a', role: 'admin', project: 'default' })
    return secret
  }
  return {
    access,
    clock,
    known,
    lookups,
    addKey,
    /** Delays answers until the promise resolves. */
    answerAfter: (promise: Promise<void>) => (answering = promise),
  }
}

test('remembers a key, and looks it up once for callers at the same time', async () => {
  const { access, lookups, addKey } = setup()
  const key = addKey()
  await Promise.all([access.authenticate(key), access.authenticate(key)])
  expect(access.remembered(key)).toMatchObject({ actor: 'key:a' })
  await access.authenticate(key)
  expect(lookups).toHaveLength(1)
})

test('refuses a key one second after another process has revoked it', async () => {
  const { access, clock, known, addKey } = setup()
  const key = addKey()
  await access.authenticate(key)
  known.clear()
  await clock.advance(999)
  expect(await access.authenticate(key)).toBeDefined()
  await clock.advance(1)
  expect(await access.authenticate(key)).toBeUndefined()
})

test('guesses do not push out the keys of callers, and repeated guesses cost one lookup', async () => {
  const { access, lookups, addKey } = setup()
  const key = addKey()
  await access.authenticate(key)
  const guess = newSecret()
  for (let count = 0; count < 20_000; count++) await access.authenticate(newSecret())
  await access.authenticate(guess)
  const before = lookups.length
  expect(await access.authenticate(guess)).toBeUndefined()
  expect(await access.authenticate(key)).toBeDefined()
  expect(lookups).toHaveLength(before)
})

test('forgets also what is being looked up, because the answer may be older than the change of the key', async () => {
  const { access, known, addKey, answerAfter } = setup()
  const key = addKey()
  const answered = Promise.withResolvers<void>()
  answerAfter(answered.promise)
  const first = access.authenticate(key)
  access.forget()
  known.clear()
  answered.resolve()
  expect(await first).toBeDefined()
  expect(access.remembered(key)).toBeUndefined()
  expect(await access.authenticate(key)).toBeUndefined()
})
