import { describe, expect, test } from 'vitest'
import { CircuitBreaker, withinTime } from './circuit-breaker.ts'
import { TaskFlowError } from './errors.ts'

const unavailable = new TaskFlowError('BROKER_UNAVAILABLE', 'unavailable')
const silent = new TaskFlowError('BROKER_UNAVAILABLE', 'silent')
const inconclusive = new TaskFlowError('BROKER_UNAVAILABLE', 'the pool is exhausted')
const WEIGHTS = new Map<unknown, number>([
  [silent, 9],
  [inconclusive, 0],
])
const refused = new Error('refused without a call')

function setup({ failures = 2, openMs = 100 } = {}) {
  let now = 0
  const changes: boolean[] = []
  const breaker = new CircuitBreaker({
    clock: { monotonicMs: () => now },
    failures,
    openMs,
    isUnavailable: (error) => error instanceof TaskFlowError,
    weigh: (error) => WEIGHTS.get(error) ?? 1,
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
  test('lets calls through and returns their results', async () => {
    const { call, changes } = setup()
    expect(await call('answer')).toBe('answer')
    expect(changes).toEqual([])
  })

  test('opens after the set number of failures in a row and then rejects calls', async () => {
    const given = setup({ failures: 2 })
    expect(await given.call(unavailable)).toBe(unavailable)
    expect(await given.call(unavailable)).toBe(unavailable)
    expect(await given.call('answer')).toBe(refused)
    expect({ calls: given.calls, changes: given.changes }).toEqual({ calls: 2, changes: [false] })
  })

  test('counts only failures in a row', async () => {
    const { call, breaker } = setup({ failures: 2 })
    await call(unavailable)
    await call('answer')
    await call(unavailable)
    expect(breaker.isClosed).toBe(true)
  })

  test('counts an error that does not mean unavailability as an answer', async () => {
    const { call, breaker } = setup({ failures: 2 })
    const mistake = new Error('a mistake of the caller')
    await call(unavailable)
    expect(await call(mistake)).toBe(mistake)
    await call(unavailable)
    expect(breaker.isClosed).toBe(true)
  })

  test('lets one call through after the open time and closes when it is answered', async () => {
    const given = setup({ failures: 1, openMs: 100 })
    await given.call(unavailable)
    given.pass(99)
    expect(await given.call('too early')).toBe(refused)
    given.pass(1)
    const answer = Promise.withResolvers<string>()
    const probe = given.call(answer.promise)
    expect(given.breaker.isAccepting).toBe(false)
    expect(await given.call('beside the probe')).toBe(refused)
    answer.resolve('back')
    expect(await probe).toBe('back')
    expect(await given.call('through')).toBe('through')
    expect(given.changes).toEqual([false, true])
  })

  test('stays open for another whole period when the probe fails', async () => {
    const given = setup({ failures: 1, openMs: 100 })
    await given.call(unavailable)
    given.pass(100)
    expect(await given.call(unavailable)).toBe(unavailable)
    given.pass(99)
    expect(await given.call('too early')).toBe(refused)
    expect(given.changes).toEqual([false])
  })
})

describe('a circuit breaker with overlapping calls', () => {
  /** Begins a call that stays in flight until the test ends it. */
  function begin({ call }: ReturnType<typeof setup>) {
    const ending = Promise.withResolvers<string>()
    const outcome = call(ending.promise)
    return {
      answer() {
        ending.resolve('answer')
        return outcome
      },
      fail(error: unknown = unavailable) {
        ending.reject(error)
        return outcome
      },
    }
  }

  test('ignores the failure of a call that began before the last answer', async () => {
    const given = setup({ failures: 1 })
    const early = [begin(given), begin(given)]
    await given.call('answer')
    for (const call of early) expect(await call.fail()).toBe(unavailable)
    expect(given.breaker.isClosed).toBe(true)
  })

  test('counts the failures of calls that began together if none was answered', async () => {
    const given = setup({ failures: 2 })
    const together = [begin(given), begin(given)]
    for (const call of together) await call.fail()
    expect(given.changes).toEqual([false])
  })

  test('does not stay open longer because of calls that fail late', async () => {
    const given = setup({ failures: 1, openMs: 100 })
    const late = begin(given)
    await given.call(unavailable)
    given.pass(99)
    await late.fail()
    given.pass(1)
    expect(await given.call('back')).toBe('back')
  })

  test('closes when a late answer arrives', async () => {
    const given = setup({ failures: 1 })
    const late = begin(given)
    await given.call(unavailable)
    await late.answer()
    expect(given.changes).toEqual([false, true])
  })

  test('stays closed when the probe fails after the answer to another call', async () => {
    const given = setup({ failures: 1, openMs: 100 })
    const late = begin(given)
    await given.call(unavailable)
    given.pass(100)
    const probe = begin(given)
    await late.answer()
    await probe.fail(silent)
    expect(given.changes).toEqual([false, true])
  })
})

describe('a circuit breaker that weighs failures', () => {
  test('opens at the first failure that is proof enough', async () => {
    const given = setup({ failures: 9 })
    await given.call(silent)
    expect(given.changes).toEqual([false])
  })

  test('ignores a failure of weight zero', async () => {
    const given = setup({ failures: 2 })
    await given.call(unavailable)
    await given.call(inconclusive)
    expect(given.changes).toEqual([])
    await given.call(unavailable)
    expect(given.changes).toEqual([false])
  })

  test('probes again when the failure of the probe has weight zero', async () => {
    const given = setup({ failures: 1, openMs: 100 })
    await given.call(unavailable)
    given.pass(100)
    expect(await given.call(inconclusive)).toBe(inconclusive)
    expect(await given.call('back')).toBe('back')
    expect(given.changes).toEqual([false, true])
  })
})

describe('withinTime', () => {
  test('returns the result of the call', async () => {
    const clock = { sleep: () => new Promise<void>(() => {}) }
    expect(await withinTime(Promise.resolve(7), { clock, ms: 5, what: 'It' })).toBe(7)
  })

  test('throws when the time is up', async () => {
    const clock = { sleep: async () => {} }
    const hangs = new Promise<never>(() => {})
    await expect(withinTime(hangs, { clock, ms: 5, what: 'Redis' })).rejects.toMatchObject({
      code: 'BROKER_UNAVAILABLE',
      message: 'Redis did not answer within 5 ms',
    })
  })

  test('leaves no timer after an answer', async () => {
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
