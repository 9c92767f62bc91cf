// JavaScript, unlike all else: a thread or process that starts with TypeScript first loads the compiler
// that strips its types. With the compiled form of everything cached, a runner starts five times as fast.
import { enableCompileCache } from 'node:module'

enableCompileCache()
await import('./main.ts')
