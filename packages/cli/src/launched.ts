/** The entry under a launcher (see bin/taskflow.js): stops in good order once the launcher is gone. */
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.channel?.unref()

await import('./main.ts')
