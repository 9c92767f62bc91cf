import { describe, expect, test } from 'vitest'
import { circuitBreaker, withinTime } from './circuit-breaker.ts'
import { TaskFlowError } from './errors.ts'

const away = new TaskFlowError('BROKER_UNAVAILABLE', 'away')
const refused = new Error('refused without a call')

function setup({ failures = 2, openMs = 100 } = {}) {
  let now = 0
  const changes: boolean[] = []
  const breaker = circuitBreaker({
    clock: { monotonicMs: () => now },
    failures,
    openMs,
    isAway: (error) => error === away,
    onChange: (isClosed) => changes.push(isClosed),
  })
  let calls = 0
  const call = (outcome: Promise<unknown> | Error | string) =>
    breaker
      .run(
        async () => {
          calls++
          if (outcome instanceof Error) throw outcome
          return outcome
        },
        () => refused,
      )
      .catch((error: unknown) => error)
  return {
    breaker,
    changes,
    call,
    pass: (ms: number) => {
      now += ms
    },
    get calls() {
      return calls
    },
  }
}

describe('a circuit breaker', () => {
  test('lets calls through, and gives what they give', async () => {
    const { call, changes } = setup()
    expect(await call('answer')).toBe('answer')
    expect(changes).toEqual([])
  })

  test('opens after so many failures in a row, and refuses from then on', async () => {
    const given = setup({ failures: 2 })
    expect(await given.call(away)).toBe(away)
    expect(await given.call(away)).toBe(away)
    expect(await given.call('answer')).toBe(refused)
    expect({ calls: given.calls, changes: given.changes }).toEqual({ calls: 2, changes: [false] })
  })

  test('counts failures in a row only', async () => {
    const { call, breaker } = setup({ failures: 2 })
    await call(away)
    await call('answer')
    await call(away)
    expect(breaker.isClosed).toBe(true)
  })

  test('takes an error that is no absence for an answer', async () => {
    const { call, breaker } = setup({ failures: 2 })
    const mistake = new Error('a mistake of the caller')
    await call(away)
    expect(await call(mistake)).toBe(mistake)
    await call(away)
    expect(breaker.isClosed).toBe(true)
  })

  test('lets one call through when its time is up, and closes when that is answered', async () => {
    const given = setup({ failures: 1, openMs: 100 })
    await given.call(away)
    given.pass(99)
    expect(await given.call('too early')).toBe(refused)
    given.pass(1)
    const answer = Promise.withResolvers<string>()
    const probe = given.call(answer.promise)
    expect(given.breaker.isWilling).toBe(false)
    expect(await given.call('beside the probe')).toBe(refused)
    answer.resolve('back')
    expect(await probe).toBe('back')
    expect(await given.call('through')).toBe('through')
    expect(given.changes).toEqual([false, true])
  })

  test('stays open for its whole time when the one call fails', async () => {
    const given = setup({ failures: 1, openMs: 100 })
    await given.call(away)
    given.pass(100)
    expect(await given.call(away)).toBe(away)
    given.pass(99)
    expect(await given.call('too early')).toBe(refused)
    expect(given.changes).toEqual([false])
  })
})

describe('a call within its time', () => {
  test('gives what it gives', async () => {
    const clock = { sleep: () => new Promise<void>(() => {}) }
    expect(await withinTime(Promise.resolve(7), { clock, ms: 5, what: 'It' })).toBe(7)
  })

  test('is given up when the time is up', async () => {
    const clock = { sleep: async () => {} }
    const hangs = new Promise<never>(() => {})
    await expect(withinTime(hangs, { clock, ms: 5, what: 'Redis' })).rejects.toMatchObject({
      code: 'BROKER_UNAVAILABLE',
      message: 'Redis did not answer within 5 ms',
    })
  })

  test('leaves no timer behind when it was answered', async () => {
    let isAborted = false
    const clock = {
      sleep: (_ms: number, signal?: AbortSignal) =>
        new Promise<void>((resolve) => {
          signal?.addEventListener('abort', () => {
            isAborted = true
            resolve()
          })
        }),
    }
    await withinTime(Promise.resolve(), { clock, ms: 5, what: 'It' })
    expect(isAborted).toBe(true)
  })
})
