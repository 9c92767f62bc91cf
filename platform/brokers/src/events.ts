declare module '@taskflow/kernel' {
  interface TaskFlowEvents {
    /** The broker does not answer; this process takes tasks from the database meanwhile. */
    'broker.lost': [{ readonly broker: string; readonly error: unknown }]
    'broker.returned': [{ readonly broker: string }]
    /** The broker did not receive an acknowledgement and may deliver again, which the claim makes harmless. */
    'acknowledgement.lost': [{ readonly broker: string; readonly error: unknown }]
  }
}

export {}
