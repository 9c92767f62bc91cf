import { handClock } from '@taskflow/testing'
import { describe, expect, test } from 'vitest'
import { hoardingWatch } from './hoarding.ts'
import type { LineConsumer } from './line-consumer.ts'

function setup() {
  const clock = handClock()
  const closing = new AbortController()
  const watch = hoardingWatch(clock, closing.signal)
  let arrivedAt: number | undefined
  const line = {
    isConsuming: true,
    first: undefined as unknown,
    get oldestAt() {
      return arrivedAt ?? Number.POSITIVE_INFINITY
    },
    async stop() {
      line.isConsuming = false
    },
  }
  return {
    clock,
    closing,
    line,
    watch,
    asking() {
      const asking = watch.begin()
      asking.cover([line as Partial<LineConsumer> as LineConsumer])
      return asking
    },
    /** Something comes and is not taken. */
    arrive() {
      arrivedAt = clock.monotonicMs()
      line.first = {}
      watch.look()
    },
  }
}

describe('a line', () => {
  test('goes on while somebody asks for it', async () => {
    const { clock, line, asking } = setup()
    asking()
    await clock.advance(60_000)
    expect(line.isConsuming).toBe(true)
  })

  test('goes on from one take to the next', async () => {
    const { clock, line, asking } = setup()
    for (let take = 0; take < 10; take++) {
      asking().leave()
      await clock.advance(25)
    }
    expect(line.isConsuming).toBe(true)
  })

  test('stops when nobody has asked for it for a moment', async () => {
    const { clock, line, asking } = setup()
    const [first, second] = [asking(), asking()]
    first.leave()
    await clock.advance(100)
    expect(line.isConsuming).toBe(true)
    second.leave()
    await clock.advance(50)
    expect(line.isConsuming).toBe(false)
  })

  test('stops when something has waited there too long, though somebody asks', async () => {
    const { clock, line, asking, arrive } = setup()
    asking()
    arrive()
    await clock.advance(80)
    expect(line.isConsuming).toBe(true)
    await clock.advance(40)
    expect(line.isConsuming).toBe(false)
  })
})

describe('nobody looks', () => {
  test('while all that comes is taken', async () => {
    const { clock, asking, watch } = setup()
    asking()
    watch.look()
    expect(clock.sleepers).toBe(0)
  })

  test('once a line has stopped', async () => {
    const { clock, asking } = setup()
    asking().leave()
    await clock.advance(100)
    expect(clock.sleepers).toBe(0)
  })

  test('after the end', async () => {
    const { clock, closing, asking } = setup()
    asking().leave()
    closing.abort()
    await clock.advance(0)
    expect(clock.sleepers).toBe(0)
  })
})
