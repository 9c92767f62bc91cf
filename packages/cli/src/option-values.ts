import { readFileSync } from 'node:fs'
import type { Priority } from '@taskflow/sdk'
import { InvalidArgumentError, Option } from 'commander'
import { UsageError } from './failure.ts'

/** Parses the value of an option that is JSON, `@file` or `-` (stdin). */
export function readJson(option: string, given: string): unknown {
  const text = given === '-' ? readText(0, 'stdin') : given.startsWith('@') ? readText(given.slice(1)) : given
  try {
    return JSON.parse(text)
  } catch (error) {
    const isBare = text === given && !/^["[{]/.test(text)
    const advice = isBare ? ` Most shells need quotes: ${option} '{"customer":"acme"}'` : ''
    throw new UsageError(`Expected ${option} to be JSON: ${(error as Error).message}.${advice}`)
  }
}

function readText(source: string | 0, name: string | 0 = source): string {
  try {
    return withoutMark(readFileSync(source, 'utf8'), String(name))
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`Cannot read ${name}: ${(error as NodeJS.ErrnoException).code}`)
  }
}

/** Removes the byte order mark that shells of Windows write at the start of a file. */
export function withoutMark(text: string, name: string): string {
  // The mark of UTF-16, read as UTF-8.
  if (text.startsWith('\ufffd\ufffd')) throw new UsageError(`Expected ${name} to be in UTF-8, got UTF-16`)
  return text.replace(/^\ufeff/, '')
}

/** Collects the values of `--label name=value`, which may be repeated. */
export function gatherLabel(text: string, labels: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Expected name=value.')
  return { ...labels, [text.slice(0, at)]: text.slice(at + 1) }
}

export function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError('Expected a whole number from 1.')
  return count
}

/** Accepts any time that JavaScript parses, in the local time zone unless it names one; returns ISO 8601 in UTC. */
export function parseMoment(text: string): string {
  const moment = new Date(text)
  if (Number.isNaN(moment.getTime())) throw new InvalidArgumentError('Expected a time such as 2026-01-31T09:00:00Z.')
  return moment.toISOString()
}

export const priorityOption = (): Option =>
  new Option('-p, --priority <class>', 'priority class: a higher class goes first').choices([
    'critical',
    'high',
    'normal',
    'low',
  ] satisfies Priority[])
