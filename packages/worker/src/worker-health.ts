/** The health of a worker, as its own process knows it. */
export interface WorkerHealth {
  /** `loading` while the shared runner starts, at first or again. */
  readonly state: 'loading' | 'registering' | 'active' | 'cordoned' | 'draining'
  /** Milliseconds since the last successful fetch; 0 while the worker is full, cordoned or draining. */
  readonly sinceFetchMs: number
  /** Milliseconds since the loop of the shared runner last answered; 0 unless a handler blocks it. */
  readonly blockedMs: number
  /** Milliseconds since the shared runner began to start, or to crash again and again; 0 while it runs. */
  readonly startingMs: number
  /** The task module that the shared runner imports, while it starts. */
  readonly loadingModule: string | undefined
}
