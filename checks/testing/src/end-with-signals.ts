const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Makes a signal end this process by way of its `exit` handlers, which is where servers and
 * folders are cleared away: without a listener a signal ends a process on the spot.
 */
export function endWithSignals(): () => void {
  const end = () => process.exit(1)
  for (const signal of SIGNALS) process.on(signal, end)
  return () => {
    for (const signal of SIGNALS) process.off(signal, end)
  }
}
