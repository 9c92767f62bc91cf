/**
 * The gate port: which tasks may not be claimed now. A task waits at one gate at a time (`waitingGate`), and is set aside
 * by its rank meanwhile, so claims never read it. Its state does not change.
 *
 * A gate is closed while it has a row. New tasks wait at it where an admitter sets `waitingGate`; tasks that are queued
 * already are set aside by `setTasksAside`, again for as long as the gate is closed, since a task may be promoted,
 * requeued, edited or redriven meanwhile.
 *
 * No transaction holds the lock of a gate while it stores tasks. A process that sets tasks aside therefore reads the gate
 * again after the commit, and readmits the tasks if the gate was opened in between; `readmitFromOpenGates` finds the tasks
 * of a process that died between the two steps.
 */
export interface GateStore {
  closeGate(gate: Gate): Promise<void>
  /**
   * Opens the gate and readmits all tasks that wait at it, smallest rank first. Resolves with their number. Tasks that
   * other sessions hold are left to the gate sweeper.
   */
  openGate(gate: Gate): Promise<number>
  /**
   * Sets up to `limit` queued tasks of a queue aside, smallest rank of each type first, if the gate is closed. Resolves
   * with their number.
   */
  setTasksAside(gate: Gate, of: { readonly queue: string; readonly type?: string }, limit: number): Promise<number>
  /** Readmits a batch of tasks that wait at a gate that is open. Resolves with their number: 0 when none is left. */
  readmitFromOpenGates(): Promise<number>
}

export interface Gate {
  readonly project: string
  readonly name: string
}
