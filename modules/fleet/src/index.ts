import './errors.ts'
import './events.ts'

export * from './domain/queue-draw.ts'
export * from './domain/type-patterns.ts'
export * from './ports/duty-store.ts'
export * from './ports/fleet-store.ts'
export * from './ports/worker-store.ts'
