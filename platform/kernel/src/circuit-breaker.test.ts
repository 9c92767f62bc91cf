import { describe, expect, test } from 'vitest'
import { circuitBreaker, withinTime } from './circuit-breaker.ts'
import { TaskFlowError } from './errors.ts'

const away = new TaskFlowError('BROKER_UNAVAILABLE', 'away')
const silent = new TaskFlowError('BROKER_UNAVAILABLE', 'silent')
const inLine = new TaskFlowError('BROKER_UNAVAILABLE', 'in line')
const WEIGHTS = new Map<unknown, number>([
  [silent, 9],
  [inLine, 0],
])
const refused = new Error('refused without a call')

function setup({ failures = 2, openMs = 100 } = {}) {
  let now = 0
  const changes: boolean[] = []
  const breaker = circuitBreaker({
    clock: { monotonicMs: () => now },
    failures,
    openMs,
    isAway: (error) => error instanceof TaskFlowError,
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

describe('a circuit breaker among calls that overlap', () => {
  /** A call that is under way until it is ended. */
  function begin({ call }: ReturnType<typeof setup>) {
    const ending = Promise.withResolvers<string>()
    const outcome = call(ending.promise)
    return {
      answer() {
        ending.resolve('answer')
        return outcome
      },
      fail(error: unknown = away) {
        ending.reject(error)
        return outcome
      },
    }
  }

  test('takes no failure for news of a call that began before the last answer', async () => {
    const given = setup({ failures: 1 })
    const early = [begin(given), begin(given)]
    await given.call('answer')
    for (const call of early) expect(await call.fail()).toBe(away)
    expect(given.breaker.isClosed).toBe(true)
  })

  test('counts failures of calls that began together, when none was answered', async () => {
    const given = setup({ failures: 2 })
    const together = [begin(given), begin(given)]
    for (const call of together) await call.fail()
    expect(given.changes).toEqual([false])
  })

  test('stays open no longer for calls that fail late', async () => {
    const given = setup({ failures: 1, openMs: 100 })
    const late = begin(given)
    await given.call(away)
    given.pass(99)
    await late.fail()
    given.pass(1)
    expect(await given.call('back')).toBe('back')
  })

  test('closes for an answer that comes late', async () => {
    const given = setup({ failures: 1 })
    const late = begin(given)
    await given.call(away)
    await late.answer()
    expect(given.changes).toEqual([false, true])
  })

  test('stays closed when the probe fails after another call was answered', async () => {
    const given = setup({ failures: 1, openMs: 100 })
    const late = begin(given)
    await given.call(away)
    given.pass(100)
    const probe = begin(given)
    await late.answer()
    await probe.fail(silent)
    expect(given.changes).toEqual([false, true])
  })
})

describe('a circuit breaker that weighs failures', () => {
  test('opens at the first that is proof enough', async () => {
    const given = setup({ failures: 9 })
    await given.call(silent)
    expect(given.changes).toEqual([false])
  })

  test('is not moved by one that says nothing, neither way', async () => {
    const given = setup({ failures: 2 })
    await given.call(away)
    await given.call(inLine)
    expect(given.changes).toEqual([])
    await given.call(away)
    expect(given.changes).toEqual([false])
  })

  test('probes again when the one call says nothing', async () => {
    const given = setup({ failures: 1, openMs: 100 })
    await given.call(away)
    given.pass(100)
    expect(await given.call(inLine)).toBe(inLine)
    expect(await given.call('back')).toBe('back')
    expect(given.changes).toEqual([false, true])
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
