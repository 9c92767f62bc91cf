import pg from 'pg'
import type { Lane } from './database.ts'
import { LANE_PATIENCE, POOL_PATIENCE } from './database-timeouts.ts'
import { PLAN_SETTINGS } from './plan-settings.ts'

/** What statements run under, as PostgreSQL names it. */
export type SessionSettings = Readonly<Record<string, string>>

const POOL: SessionSettings = {
  ...PLAN_SETTINGS,
  // The optional filters of lists make a plan for all parameters a bad one: it can use none of their indexes.
  plan_cache_mode: 'force_custom_plan',
  statement_timeout: String(POOL_PATIENCE.statementMs),
}

const LANE: SessionSettings = {
  ...PLAN_SETTINGS,
  // One plan for all parameters: with the settings above there is only one way to go, and planning it anew
  // took a tenth of a claim's time.
  plan_cache_mode: 'force_generic_plan',
  // A claim walks its index in order and stops. With statistics that call the table empty, gathering the whole
  // line by a bitmap and sorting it looks as cheap. Lists need bitmaps for labels; lanes have none.
  enable_bitmapscan: 'off',
  statement_timeout: String(LANE_PATIENCE.statementMs),
}

const LANES: Readonly<Record<Lane, SessionSettings>> = {
  submit: LANE,
  claim: { ...LANE, synchronous_commit: 'off' },
  settle: LANE,
  heartbeat: LANE,
  duty: { ...LANE, plan_cache_mode: 'force_custom_plan' },
}

export function settingsOf(lane: Lane | undefined, schema: string | undefined): SessionSettings {
  const settings = lane === undefined ? POOL : LANES[lane]
  return schema === undefined ? settings : { ...settings, search_path: schema }
}

/** For a session of one's own: said once, when it starts. */
export function startupOptions(settings: SessionSettings): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ')
}

/** For a session that is lent for one transaction: said with each, and gone with it. */
export function beginUnder(settings: SessionSettings): string {
  const calls = Object.entries(settings).map(
    ([name, value]) => `set_config(${pg.escapeLiteral(name)}, ${pg.escapeLiteral(value)}, true)`,
  )
  return `begin; select ${calls.join(', ')}`
}
