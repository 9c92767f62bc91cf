/**
 * The entry of the child process that bin/taskflow.js starts. The child stops in an orderly way when its parent has
 * ended. This file is JavaScript, because a TypeScript entry loads the compiler that strips types (16 MiB) even when
 * everything is cached.
 */
import { enableCompileCache } from 'node:module'

process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.channel?.unref()

enableCompileCache()
await import('./main.ts')
