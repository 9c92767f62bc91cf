import { expect, test } from 'vitest'
import { median } from './median.ts'

test('takes the mean of the two in the middle for the median of an even number', () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2.5])
})
