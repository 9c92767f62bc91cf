import { newTaskId } from '@taskflow/testing'
import { describe, expect, test } from 'vitest'
import { choose } from './choose.ts'
import type { Word } from './line-session.ts'

const wordOf = (rankMs: number, taskId = newTaskId()): Word =>
  ({ rankMs, taskId, deliveryTag: rankMs, arrivedAt: 0 }) as Partial<Word> as Word

/** @param dueBeforeMs one may be coming that is smaller than any rank above this */
function lineOf(ranks: readonly (number | Word)[], dueBeforeMs = Number.POSITIVE_INFINITY) {
  const words = ranks.map((rank) => (typeof rank === 'number' ? wordOf(rank) : rank))
  return {
    get first() {
      return words[0]
    },
    shift: () => words.shift(),
    isDueBefore: (rankMs: number) => words.length === 0 && rankMs > dueBeforeMs,
  }
}

function chosenFrom(groups: Parameters<typeof choose>[1], max: number): number[] {
  const words: Word[] = []
  choose(words, groups, max)
  return words.map(({ rankMs }) => rankMs)
}

describe('words chosen', () => {
  test('are the smallest ranks of all lines of a group', () => {
    expect(chosenFrom([[lineOf([2, 5]), lineOf([1, 4]), lineOf([])]], 3)).toEqual([1, 2, 4])
  })

  test('are of the first group before any of the second', () => {
    expect(chosenFrom([[lineOf([8, 9])], [lineOf([1])]], 3)).toEqual([8, 9, 1])
  })

  test('end before a rank that one which is coming may precede', () => {
    expect(chosenFrom([[lineOf([1, 5]), lineOf([], 3)]], 3)).toEqual([1])
  })

  test('are none of a later group while one of an earlier is coming', () => {
    expect(chosenFrom([[lineOf([], 0)], [lineOf([1])]], 3)).toEqual([])
  })

  test('are as many tasks as asked for, each with all its words that come before the last', () => {
    const twice = wordOf(1)
    expect(chosenFrom([[lineOf([twice, { ...twice, rankMs: 2 }, 3, 4])]], 2)).toEqual([1, 2, 3])
  })

  test('add to those that were chosen before', () => {
    const words = [wordOf(1)]
    choose(words, [[lineOf([2, 3])]], 2)
    expect(words.map(({ rankMs }) => rankMs)).toEqual([1, 2])
  })
})
