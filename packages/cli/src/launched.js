/**
 * The entry under a launcher (see bin/taskflow.js): stops in good order once the launcher is gone. JavaScript, unlike
 * all else: what starts with TypeScript loads the compiler that strips types, 16 MiB, even with everything cached.
 */
import { enableCompileCache } from 'node:module'

process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.channel?.unref()

enableCompileCache()
await import('./main.ts')
