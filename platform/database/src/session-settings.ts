import pg from 'pg'
import type { Lane } from './database.ts'
import { LANE_TIMEOUTS, POOL_TIMEOUTS } from './database-timeouts.ts'
import { PLAN_SETTINGS } from './plan-settings.ts'

/** Settings of a session, by their names in PostgreSQL. */
export type SessionSettings = Readonly<Record<string, string>>

/**
 * Settings that change what statements mean or how their values are written. A role, a database or an address may set
 * others; every session of TaskFlow sets these.
 */
const MEANING_SETTINGS = {
  // The driver reads moments in this style only.
  datestyle: 'ISO',
  standard_conforming_strings: 'on',
  default_transaction_isolation: 'read committed',
  // `statement_timeout` limits how long a statement waits for locks too.
  lock_timeout: '0',
} as const

const POOL: SessionSettings = {
  ...MEANING_SETTINGS,
  ...PLAN_SETTINGS,
  // Lists have optional filters, so a generic plan could use none of the indexes.
  plan_cache_mode: 'force_custom_plan',
  statement_timeout: String(POOL_TIMEOUTS.statementMs),
}

const LANE: SessionSettings = {
  ...MEANING_SETTINGS,
  ...PLAN_SETTINGS,
  // PLAN_SETTINGS leave one possible plan, and planning it again took a tenth of the time of a claim.
  plan_cache_mode: 'force_generic_plan',
  // A claim reads its index in order and stops. If the statistics say that the table is empty, the planner considers it
  // as cheap to collect the whole subqueue by a bitmap scan and sort it. Only lists need bitmap scans, for labels.
  enable_bitmapscan: 'off',
  statement_timeout: String(LANE_TIMEOUTS.statementMs),
}

const LANES: Readonly<Record<Lane, SessionSettings>> = {
  submit: LANE,
  claim: { ...LANE, synchronous_commit: 'off' },
  settle: LANE,
  heartbeat: LANE,
  duty: { ...LANE, plan_cache_mode: 'force_custom_plan' },
}

/** Returns the settings of a lane, or of the pool if there is no lane. */
export function settingsOf(lane: Lane | undefined, schema: string | undefined): SessionSettings {
  const settings = lane === undefined ? POOL : LANES[lane]
  return schema === undefined ? settings : { ...settings, search_path: schema }
}

/** Formats the settings as startup options of a session that this process owns. */
export function startupOptions(settings: SessionSettings): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`)
    .join(' ')
}

/**
 * Returns SQL that begins a transaction with these settings. They end with the transaction, so a pooler may lend its
 * session.
 */
export function beginUnder({ default_transaction_isolation, ...settings }: SessionSettings): string {
  const calls = Object.entries(settings).map(
    ([name, value]) => `set_config(${pg.escapeLiteral(name)}, ${pg.escapeLiteral(value)}, true)`,
  )
  // The default would apply from the next transaction on.
  return `begin isolation level ${default_transaction_isolation}; select ${calls.join(', ')}`
}
