// Written in JavaScript, because a thread or process that starts with TypeScript first loads the compiler that strips
// the types. With a cache of the compiled modules, a runner starts five times as fast.
import { enableCompileCache } from 'node:module'

enableCompileCache()
await import('./main.ts')
