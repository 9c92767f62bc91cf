import fc from 'fast-check'
import { expect, test } from 'vitest'
import { naturalBatch } from './natural-batch.ts'

class DatabaseUnavailable extends Error {}

interface Flight {
  readonly items: readonly string[]
  land(results?: readonly string[]): void
  crash(error: unknown): void
}

/** Makes a natural batch whose runs end when the test says so. */
function setup(options: { maxWeight?: number; weigh?: (item: string) => number; secondFromWeight?: number } = {}) {
  const flights: Flight[] = []
  const sizes: number[] = []
  const batch = naturalBatch<string, string>({
    maxWeight: 1_000,
    ...options,
    isShared: (error) => error instanceof DatabaseUnavailable,
    onBatch: (size) => sizes.push(size),
    run: (items) =>
      new Promise((resolve, reject) => {
        flights.push({ items, land: (results = items.map((item) => `${item}!`)) => resolve(results), crash: reject })
      }),
  })
  const add = (...items: string[]) => Promise.allSettled(items.map((item) => batch.add(item)))
  return { batch, flights, sizes, add }
}

/** Lets all promises that are ready settle. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Generates the weight from which a second batch may leave, or none. */
const secondFromWeights: fc.Arbitrary<{ secondFromWeight?: number }> = fc.oneof(
  fc.constant({}),
  fc.record({ secondFromWeight: fc.integer({ min: 1, max: 8 }) }),
)

const fulfilled = (value: string) => ({ status: 'fulfilled', value })
const rejected = (reason: unknown) => ({ status: 'rejected', reason })

test('items added in one tick leave together at once', async () => {
  const { flights, add } = setup()
  const results = add('a', 'b', 'c')
  await turn()
  expect(flights.map(({ items }) => items)).toEqual([['a', 'b', 'c']])
  flights[0]?.land()
  expect(await results).toEqual(['a!', 'b!', 'c!'].map(fulfilled))
})

test('the next batch gathers while one is in flight', async () => {
  const { batch, flights, sizes, add } = setup()
  void add('a')
  await turn()
  void add('b')
  await turn()
  void add('c', 'd')
  await turn()
  expect(flights).toHaveLength(1)
  expect(batch.waiting).toBe(3)
  flights[0]?.land()
  await turn()
  expect(flights[1]?.items).toEqual(['b', 'c', 'd'])
  expect(batch.waiting).toBe(0)
  expect(sizes).toEqual([1, 3])
})

test('a batch does not exceed its maximum weight, and a heavier item runs alone', async () => {
  const { flights, add } = setup({ maxWeight: 5, weigh: (item) => item.length })
  void add('aa', 'bbb', 'c', 'ddddddddd', 'e')
  for (let landed = 0; landed < 4; landed++) {
    await turn()
    flights[landed]?.land()
  }
  expect(flights.map(({ items }) => items)).toEqual([['aa', 'bbb'], ['c'], ['ddddddddd'], ['e']])
})

test('a heavy enough batch leaves beside the one in flight, but a third batch waits', async () => {
  const { flights, add } = setup({ maxWeight: 4, secondFromWeight: 3 })
  void add('a')
  await turn()
  void add('b', 'c')
  await turn()
  expect(flights).toHaveLength(1)
  void add('d')
  await turn()
  expect(flights.map(({ items }) => items)).toEqual([['a'], ['b', 'c', 'd']])
  void add('e', 'f', 'g', 'h', 'i')
  await turn()
  expect(flights).toHaveLength(2)
  flights[1]?.land()
  await turn()
  expect(flights[2]?.items).toEqual(['e', 'f', 'g', 'h'])
  flights[0]?.land()
  await turn()
  // The remaining item is too light for a second batch and waits for the one in flight.
  expect(flights).toHaveLength(3)
  flights[2]?.land()
  await turn()
  expect(flights[3]?.items).toEqual(['i'])
})

test('items of one tick that exceed one batch leave as two', async () => {
  const { batch, flights, add } = setup({ maxWeight: 3, secondFromWeight: 2 })
  void add('a', 'b', 'c', 'd', 'e', 'f')
  await turn()
  expect(flights.map(({ items }) => items)).toEqual([
    ['a', 'b', 'c'],
    ['d', 'e', 'f'],
  ])
  expect(batch.waiting).toBe(0)
})

test('one bad item fails alone, because the items of a failed batch run one by one', async () => {
  const refusal = new Error('b is bad')
  const { flights, add } = setup()
  const results = add('a', 'b', 'c')
  await turn()
  flights[0]?.crash(refusal)
  for (const land of [1, 2, 3]) {
    await turn()
    if (flights[land]?.items[0] === 'b') flights[land].crash(refusal)
    else flights[land]?.land()
  }
  expect(flights.slice(1).map(({ items }) => items)).toEqual([['a'], ['b'], ['c']])
  expect(await results).toEqual([fulfilled('a!'), rejected(refusal), fulfilled('c!')])
})

test('a shared error fails all items without another try', async () => {
  const failure = new DatabaseUnavailable()
  const { flights, add } = setup()
  const results = add('a', 'b')
  await turn()
  flights[0]?.crash(failure)
  expect(await results).toEqual([rejected(failure), rejected(failure)])
  await turn()
  expect(flights).toHaveLength(1)
})

test('the next batch runs after a failure', async () => {
  const { flights, add } = setup()
  const lost = add('a')
  await turn()
  flights[0]?.crash(new DatabaseUnavailable())
  await lost
  const results = add('b')
  await turn()
  flights[1]?.land()
  expect(await results).toEqual([fulfilled('b!')])
})

test('an exception of onBatch fails the items of that batch and no later ones', async () => {
  let isBroken = true
  const batch = naturalBatch<string, string>({
    run: async (items) => items,
    maxWeight: 1_000,
    isShared: () => false,
    onBatch() {
      if (isBroken) throw new TypeError('The metric is not there')
    },
  })
  await expect(batch.add('a')).rejects.toThrow('The metric is not there')
  isBroken = false
  expect(await batch.add('b')).toBe('b')
})

test('a wrong number of results fails each item of the batch', async () => {
  const { flights, add } = setup()
  const results = add('a', 'b')
  await turn()
  flights[0]?.land(['only one'])
  for (const land of [1, 2]) {
    await turn()
    flights[land]?.land([])
  }
  expect(await results).toEqual(Array(2).fill(rejected(new TypeError('Expected 1 results, got 0'))))
})

test('each item gets its own result and the number of batches in flight stays bounded, for any order of arrivals and ends', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ size: fc.integer({ min: 1, max: 5 }), landings: fc.array(fc.nat(), { maxLength: 2 }) }), {
        maxLength: 20,
      }),
      secondFromWeights,
      async (bursts, second) => {
        const { flights, add } = setup({ maxWeight: 7, ...second })
        const outcomes: Promise<unknown>[] = []
        const landed = new Set<Flight>()
        const underWay = () => flights.filter((flight) => !landed.has(flight))
        const land = (flight: Flight) => {
          landed.add(flight)
          flight.land()
        }
        for (const [burst, { size, landings }] of bursts.entries()) {
          const items = Array.from({ length: size }, (_, index) => `${burst}.${index}`)
          outcomes.push(
            add(...items).then((results) => expect(results).toEqual(items.map((item) => fulfilled(`${item}!`)))),
          )
          await turn()
          expect(underWay().length).toBeLessThanOrEqual(second.secondFromWeight === undefined ? 1 : 2)
          for (const landing of landings) {
            const choice = underWay()
            if (choice.length > 0) land(choice[landing % choice.length] as Flight)
            await turn()
          }
        }
        for (await turn(); underWay().length > 0; await turn()) land(underWay()[0] as Flight)
        await Promise.all(outcomes)
        const all = bursts.reduce((sum, { size }) => sum + size, 0)
        expect(flights.flatMap(({ items }) => items)).toHaveLength(all)
      },
    ),
  )
})
