import type { Queries } from './invariant.ts'

/** Of the form "leader <name> …". */
export const OF_LEADERS: Queries = {
  'leads in no term': `
    select name as id, term as detail from leader where term < 1`,
  'was elected after its time was over': `
    select name as id, null as detail from leader where elected_at > expires_at`,
}
