import type { ApiDeps } from '@taskflow/server/api'

const ignore = () => undefined

/** Writes nothing: what a request led to is judged by its reply. */
export const silentLog: ApiDeps['log'] = {
  level: 'silent',
  fatal: ignore,
  error: ignore,
  warn: ignore,
  info: ignore,
  debug: ignore,
  trace: ignore,
  silent: ignore,
  child: () => silentLog,
}
