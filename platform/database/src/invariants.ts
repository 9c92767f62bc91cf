/** Invariants of the table `leader`. Each query returns the id and detail of the rows that break the invariant. */
export const LEADER_INVARIANTS = [
  {
    subject: 'leader',
    sentence: 'has a term below 1',
    query: `select name as id, term as detail from leader where term < 1`,
  },
  {
    subject: 'leader',
    sentence: 'was elected after its lease expired',
    query: `select name as id, null as detail from leader where elected_at > expires_at`,
  },
] as const
