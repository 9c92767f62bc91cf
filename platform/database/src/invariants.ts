/** Invariants of the table `leader`: what breaks them, and the query that finds offenders (id, detail). */
export const LEADER_INVARIANTS = [
  {
    subject: 'leader',
    sentence: 'leads in no term',
    query: `select name as id, term as detail from leader where term < 1`,
  },
  {
    subject: 'leader',
    sentence: 'was elected after its time was over',
    query: `select name as id, null as detail from leader where elected_at > expires_at`,
  },
] as const
