import type { Payload } from './payload.ts'

/** Where a contender keeps its tasks: its own, and empty at first. */
export interface Place {
  readonly postgresUrl: string
  readonly redisUrl: string
  readonly amqpUrl: string
}

export interface Producer {
  /** Resolves when the task is stored as durably as this system does. */
  submit(payload: Payload): Promise<unknown>
  /** Several by the way that the system has for many. */
  submitMany(payloads: readonly Payload[]): Promise<unknown>
  /** Whether any task is neither finished nor failed. */
  hasUnfinished(): Promise<boolean>
  close(): Promise<unknown>
}

export interface PeerWorker {
  close(): Promise<unknown>
}

/** A system that submits and runs tasks, as the generic producer and worker processes drive it. */
export interface Peer {
  /** Brings the place up first; the worker is opened after the producer. */
  openProducer(place: Place): Promise<Producer>
  /** Runs `handle` for each task. Absent where the worker is a program of its own. */
  openWorker?(place: Place): Promise<PeerWorker>
}
