import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HEAD_START_MS, PRIORITIES, type Priority, rankOf } from './priority.ts'

const moments = fc.date({ min: new Date('2020-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
const priorities = fc.constantFrom(...PRIORITIES)
const later = (time: Date, ms: number): Date => new Date(time.getTime() + ms)

test('a higher class goes first among tasks that are ready at the same moment', () => {
  fc.assert(
    fc.property(moments, (readyAt) => {
      const ranks = PRIORITIES.map((priority) => rankOf(priority, readyAt).getTime())
      expect(ranks).toEqual(ranks.toSorted((a, b) => a - b))
      expect(new Set(ranks).size).toBe(PRIORITIES.length)
    }),
  )
})

test('within a class the task that is ready first goes first', () => {
  fc.assert(
    fc.property(priorities, moments, fc.integer({ min: 1 }), (priority, readyAt, ms) => {
      expect(rankOf(priority, readyAt) < rankOf(priority, later(readyAt, ms))).toBe(true)
    }),
  )
})

test('a task is overtaken only by tasks that arrive within the head start of their class', () => {
  fc.assert(
    fc.property(priorities, priorities, moments, fc.nat(10_000_000), (waiting, arriving, readyAt, ms) => {
      const headStartMs = HEAD_START_MS[arriving] - HEAD_START_MS[waiting]
      const isOvertaken = rankOf(arriving, later(readyAt, ms)) < rankOf(waiting, readyAt)
      expect(isOvertaken).toBe(ms < headStartMs)
    }),
  )
})

test('a low task is not overtaken by a normal one that arrives ten minutes later', () => {
  const readyAt = new Date('2026-01-01T12:00:00Z')
  const isOvertakenBy = (priority: Priority, at: string) => rankOf(priority, new Date(at)) < rankOf('low', readyAt)
  expect(isOvertakenBy('normal', '2026-01-01T12:09:59.999Z')).toBe(true)
  expect(isOvertakenBy('normal', '2026-01-01T12:10:00.001Z')).toBe(false)
})
