import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawQueues, mistakeInQueues, parseQueues, type QueueShare } from './queue-draw.ts'

/** Returns Marsaglia's xorshift generator: the same numbers in [0, 1) each time. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9][a-z0-9._:-]{0,9}$/), { minLength: 1, maxLength: 12 })
const weights = fc.option(fc.integer({ min: 1, max: 1_000 }), { nil: undefined })
const shares: fc.Arbitrary<QueueShare[]> = names.chain((queues) =>
  fc.tuple(...queues.map((queue) => weights.map((weight) => ({ queue, weight })))),
)
const chances = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }))

describe('a drawn order', () => {
  test('contains every queue exactly once', () => {
    fc.assert(
      fc.property(shares, chances, (given, chance) => {
        const drawn = drawQueues(given, () => chance.next().value as number)
        expect(drawn.toSorted()).toEqual(given.map(({ queue }) => queue).toSorted())
      }),
    )
  })

  test('puts each queue first as often as its weight says', () => {
    const given = parseQueues(['a=6', 'b=3', 'c'])
    const random = seeded(20_260_101)
    const first: Record<string, number> = { a: 0, b: 0, c: 0 }
    const draws = 20_000
    for (let draw = 0; draw < draws; draw++) {
      const [queue = ''] = drawQueues(given, random)
      first[queue] = (first[queue] ?? 0) + 1
    }
    // Five standard deviations of a share of 0.5 over so many draws are 0.018.
    for (const { queue, weight = 1 } of given)
      expect(Math.abs((first[queue] ?? 0) / draws - weight / 10)).toBeLessThan(0.018)
  })

  test('gives the second place by the weights of the remaining queues', () => {
    const given = parseQueues(['a=1000', 'b=3', 'c=1'])
    const random = seeded(7)
    const behind = Array.from({ length: 10_000 }, () => drawQueues(given, random)).filter(([first]) => first === 'a')
    const share = behind.filter(([, second]) => second === 'b').length / behind.length
    expect(Math.abs(share - 0.75)).toBeLessThan(0.025)
  })
})

describe('queues in the settings', () => {
  test('have a name and an optional weight', () => {
    expect(parseQueues(['default=3', 'mail', 'eu:reports.v2=1000'])).toEqual([
      { queue: 'default', weight: 3 },
      { queue: 'mail', weight: undefined },
      { queue: 'eu:reports.v2', weight: 1_000 },
    ])
  })

  test.each([
    [['mail=0'], 'must give weights as whole numbers from 1 to 1000, got "mail=0"'],
    [['a', 'mail=1001'], 'must give weights as whole numbers from 1 to 1000, got "mail=1001"'],
    [['mail=1.5'], 'must give weights as whole numbers from 1 to 1000, got "mail=1.5"'],
    [['mail=1=2'], 'must give weights as whole numbers from 1 to 1000, got "mail=1=2"'],
    [['mail='], 'must give weights as whole numbers from 1 to 1000, got "mail="'],
    [['=3'], 'must name queues with letters, digits and `. _ : -`, got "=3"'],
    [['a b=3'], 'must name queues with letters, digits and `. _ : -`, got "a b=3"'],
    [['mail', 'mail=2'], 'must name each queue once, got "mail" twice'],
  ])('are rejected when malformed: %j', (given, mistake) => {
    expect(mistakeInQueues(given)).toBe(mistake)
    expect(() => parseQueues(given)).toThrow(`Setting queues ${mistake}`)
  })
})
